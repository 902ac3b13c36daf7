package notify

import (
	"crypto/x509"
	"time"
)

// SMTPNamed is the carrier for a server on this machine as if it were elsewhere: with TLS, and with these roots.
func SMTPNamed(address, from string, roots *x509.CertPool) (*SMTP, error) {
	s, err := NewSMTP(address, from)
	if err == nil {
		s.plain, s.roots = false, roots
	}
	return s, err
}

// RetryAfter reads the header.
func RetryAfter(s string, now time.Time) time.Duration { return retryAfter(s, now) }

// KeptMost is how many messages of a region a folder keeps.
const KeptMost = keptMost
