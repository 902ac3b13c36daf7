package domains

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

const (
	// fresh is how long a certificate that was read is given out before it is read again: so long does one that
	// another process has renewed take to be seen here.
	fresh = 20 * time.Second
	// missing is the same for a host that has none.
	missing = time.Second
	// readTime bounds how long a handshake waits for the database.
	readTime = 5 * time.Second
)

// served is a host's certificate as it was read last.
type served struct {
	mu   sync.Mutex
	read time.Time
	pair *tls.Certificate // nil: there is none
}

var errNoCertificate = errors.New("domains: no certificate for this host")

// own finds the region that has a host as a domain of its own, by the registry: it is the only policy of hosts there is.
func (k *Keeper) own(host string) (*tenant.Tenant, bool) {
	t, ok := k.reg.ByHost(host)
	if !ok || t.IsPlatform() || host == k.reg.Host(t) {
		return nil, false
	}
	return t, true
}

// Has tells whether a host is a region's own domain with a certificate that holds now.
func (k *Keeper) Has(ctx context.Context, host string) bool {
	_, err := k.certificate(ctx, host)
	return err == nil
}

// certificate is what is served for a region's own domain. A database that is away does not take it off the air: what
// was read before goes on.
func (k *Keeper) certificate(ctx context.Context, host string) (*tls.Certificate, error) {
	t, ok := k.own(host)
	if !ok {
		return nil, errNoCertificate
	}
	k.mu.Lock()
	s := k.served[host]
	if s == nil {
		s = &served{}
		k.served[strings.Clone(host)] = s
	}
	k.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	age := fresh
	if s.pair == nil {
		age = missing
	}
	if now := clock.System.Now(); s.read.IsZero() || now.Sub(s.read) >= age || now.Before(s.read) {
		pair, err := k.load(ctx, t, host)
		switch {
		case err == nil:
			s.pair, s.read = pair, now
		case s.pair == nil:
			return nil, err
		default:
			k.log.Warn("certificate not read again", "tenant", t.Code, "host", host, "error", err)
			s.read = now
		}
	}
	if s.pair == nil || !k.db.Now().Before(s.pair.Leaf.NotAfter) {
		return nil, errNoCertificate
	}
	return s.pair, nil
}

// load reads a host's certificate; nil: there is none.
func (k *Keeper) load(ctx context.Context, t *tenant.Tenant, host string) (pair *tls.Certificate, err error) {
	ctx, stop := context.WithTimeout(ctx, readTime)
	defer stop()
	err = k.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		pair = nil
		rows, err := store.Select[Certificate](tx).Where("host = ? and chain <> ''", host).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		text, err := keys.Show(ctx, SealedKey, rows[0].ID, rows[0].Key)
		if err != nil || text == "" {
			return err
		}
		got, err := tls.X509KeyPair([]byte(rows[0].Chain), []byte(text))
		pair = &got
		return err
	})
	if err != nil {
		return nil, err
	}
	return pair, nil
}

// open is the challenge that waits at a host, of one kind; "" is none.
func (k *Keeper) open(ctx context.Context, host, way string) (token string, err error) {
	t, ok := k.own(host)
	if !ok || !k.Orders() {
		return "", nil
	}
	ctx, stop := context.WithTimeout(ctx, readTime)
	defer stop()
	err = k.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[Certificate](tx).Where("host = ? and challenge = ?", host, way).All(ctx)
		if err == nil && len(rows) > 0 {
			token = rows[0].Token
		}
		return err
	})
	return token, err
}

// Answer is what an authority that comes by HTTP-01 is told; ok is false where nobody asked it to come.
func (k *Keeper) Answer(ctx context.Context, host, token string) (text string, ok bool, err error) {
	waits, err := k.open(ctx, host, WayHTTP)
	if err != nil || waits == "" || waits != token {
		return "", false, err
	}
	key, err := k.accountKey(ctx)
	if err != nil {
		return "", false, err
	}
	text, err = (&acme.Client{Key: key}).HTTP01ChallengeResponse(token)
	return text, err == nil, err
}

// shake is what an authority that comes by TLS-ALPN-01 is shown.
func (k *Keeper) shake(ctx context.Context, host string) (*tls.Certificate, error) {
	token, err := k.open(ctx, host, WayTLS)
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, errNoCertificate
	}
	key, err := k.accountKey(ctx)
	if err != nil {
		return nil, err
	}
	pair, err := (&acme.Client{Key: key}).TLSALPN01ChallengeCert(token, host)
	return &pair, err
}

// TLS is how the service speaks TLS: 1.2 and 1.3 with Go's own choice of suites, HTTP/1.1 only. A region's own domain
// is shown its certificate, everybody else the platform's own from files, where that is for the name that is asked for.
// platform may be nil.
func (k *Keeper) TLS(platform *Files) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1", acme.ALPNProto},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			host := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
			if slices.Equal(hello.SupportedProtos, []string{acme.ALPNProto}) {
				return k.shake(hello.Context(), host)
			}
			pair, err := k.certificate(hello.Context(), host)
			if err == nil || platform == nil {
				return pair, err
			}
			return platform.For(host)
		},
	}
}
