package domains

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// lookEvery is how often files are looked at, at most.
const lookEvery = 5 * time.Second

// Files is the platform's own certificate, for the bare domain and the regions' hosts under it. Whoever renews it
// writes the files anew: they are read again without a restart.
type Files struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	looked time.Time
	stamp  [2]stamp
	pair   *tls.Certificate
}

type stamp struct {
	at   time.Time
	size int64
}

// OpenFiles reads a certificate's chain and its key, both in PEM. What cannot be read now is an error; later on the last
// good one goes on, and the log says so.
func OpenFiles(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log}
	now, err := f.stamps()
	if err != nil {
		return nil, err
	}
	if err := f.load(); err != nil {
		return nil, err
	}
	f.stamp, f.looked = now, clock.System.Now()
	return f, nil
}

func (f *Files) stamps() (out [2]stamp, err error) {
	for i, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return out, fmt.Errorf("the platform's certificate: %w", err)
		}
		out[i] = stamp{info.ModTime(), info.Size()}
	}
	return out, nil
}

func (f *Files) load() error {
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("the platform's certificate in %s and %s: %w", f.cert, f.key, err)
	}
	f.pair = &pair
	return nil
}

// For gives the certificate for a host that it is for, or for a client that names none.
func (f *Files) For(host string) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := clock.System.Now(); now.Sub(f.looked) >= lookEvery || now.Before(f.looked) {
		f.looked = now
		f.again()
	}
	if host != "" && f.pair.Leaf.VerifyHostname(host) != nil {
		return nil, errNoCertificate
	}
	return f.pair, nil
}

// again reads the files if they have changed. Of two files that are written one after the other the pair may not fit
// for a moment: the next look tries again.
func (f *Files) again() {
	now, err := f.stamps()
	if err == nil && now == f.stamp {
		return
	}
	if err == nil {
		err = f.load()
	}
	if err != nil {
		f.log.Warn("the platform's certificate cannot be read again, the last one goes on", "error", err)
		return
	}
	f.stamp = now
}

// NotAfter is when the certificate that was read last ends.
func (f *Files) NotAfter() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pair.Leaf.NotAfter
}
