package domains

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/acme"

	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// failure is why an order came to nothing.
type failure struct {
	code  string
	after time.Duration // the authority asks for so long a pause
	cause error
	said  string // what the authority said to each challenge, where several were tried
}

func (f *failure) Error() string { return f.code + ": " + fmt.Sprint(f.cause) }
func (f *failure) Unwrap() error { return f.cause }

// mostDetail bounds what is kept of an authority's words, in bytes.
const mostDetail = 400

// detail is what the authority said, if it said something.
func (f *failure) detail() string {
	text := f.said
	if text == "" {
		text = words(f.cause)
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if len(text) > mostDetail {
		text = strings.ToValidUTF8(text[:mostDetail], "") + "…"
	}
	return text
}

// words are the authority's own in an error, or "".
func words(err error) string {
	if said, ok := told(err).(*acme.Error); ok { //nolint:errorlint // told has unwrapped it
		return said.Detail
	}
	return ""
}

// told is the authority's problem within an error of its client, whose types do not all unwrap; else the error itself.
func told(err error) error {
	var auth *acme.AuthorizationError
	var order *acme.OrderError
	var said *acme.Error
	switch {
	case errors.As(err, &said):
		return said
	case errors.As(err, &auth) && len(auth.Errors) > 0:
		return auth.Errors[0]
	case errors.As(err, &order) && order.Problem != nil:
		return order.Problem
	}
	return err
}

// reason sorts an error of the authority's client.
func reason(err error) *failure {
	var done *failure
	switch {
	case errors.As(err, &done):
		return done
	case errors.Is(err, seal.ErrErased):
		return &failure{code: FaultKeys, cause: err}
	}
	said := told(err)
	if after, limited := acme.RateLimit(said); limited {
		return &failure{code: FaultLimited, after: after, cause: err}
	}
	var problem *acme.Error
	if errors.As(said, &problem) && problem.StatusCode < 500 {
		return &failure{code: FaultRefused, cause: err}
	}
	var auth *acme.AuthorizationError
	var order *acme.OrderError
	if errors.As(err, &auth) || errors.As(err, &order) {
		return &failure{code: FaultRefused, cause: err}
	}
	return &failure{code: FaultServer, cause: err}
}

// issue is a certificate as it came.
type issue struct {
	chain, key, way   string
	notAfter, renewAt time.Time
}

// order orders a certificate for a domain that is bound, if nobody else does. What fails is noted in the host's row;
// the error is the database's.
func (k *Keeper) order(ctx context.Context, t *tenant.Tenant, d tenant.Domain) error {
	c, ok, err := k.claim(ctx, t.ID, d.Host)
	if err != nil || !ok {
		return err
	}
	within, stop := context.WithTimeout(ctx, orderTime)
	got, err := k.obtain(within, t, d, c)
	stop()
	if err == nil {
		// It may have been given back meanwhile, or have gone over to another region.
		if held, herr := k.holds(ctx, d); herr != nil {
			err = herr
		} else if !held {
			return k.Forget(ctx, t.ID, d.Host)
		}
	}
	if err == nil {
		if err = k.issued(ctx, t, c, got); !errors.Is(err, seal.ErrErased) {
			return err
		}
	}
	if ctx.Err() != nil { // the process stops: whoever comes next begins anew, when the lease is over or at once
		free, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()
		return k.release(free, t.ID, c)
	}
	return k.failed(ctx, t, c, reason(err))
}

// holds tells whether a domain is still bound to the region with the token that was looked for.
func (k *Keeper) holds(ctx context.Context, d tenant.Domain) (bool, error) {
	now, err := k.bound(ctx)
	return slices.ContainsFunc(now[d.Code], func(x tenant.Domain) bool { return x.Host == d.Host && x.Token == d.Token }), err
}

func (k *Keeper) release(ctx context.Context, t tenant.ID, c Certificate) error {
	return k.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Update[Certificate](tx).Set("lease = null, lease_until = null, challenge = '', token = ''").
			Where("id = ? and lease = ?", c.ID, c.Lease).Exec(ctx)
		return err
	})
}

// obtain asks the DNS whether the domain is still the region's and leads somewhere, and the authority for a
// certificate: by one challenge after the other.
func (k *Keeper) obtain(ctx context.Context, t *tenant.Tenant, d tenant.Domain, c Certificate) (issue, error) {
	if err := k.maySeal(ctx, t.ID); err != nil {
		return issue{}, err
	}
	switch held, err := tenant.StillProved(ctx, k.opt.Resolver, d); {
	case err != nil:
		return issue{}, &failure{code: FaultLookup, cause: err}
	case !held:
		return issue{}, &failure{code: FaultProof, cause: tenant.ErrDomainProof}
	}
	var none *net.DNSError
	switch _, err := k.opt.Resolver.LookupHost(ctx, d.Host); {
	case errors.As(err, &none) && none.IsNotFound:
		return issue{}, &failure{code: FaultAddress, cause: err}
	case err != nil:
		return issue{}, &failure{code: FaultLookup, cause: err}
	}
	client, err := k.client(ctx)
	if err != nil {
		return issue{}, err
	}
	ways := slices.Clone(k.opt.Ways)
	slices.SortStableFunc(ways, func(a, b string) int { // what worked last time, first
		switch c.Way {
		case a:
			return -1
		case b:
			return 1
		}
		return 0
	})
	var tried []error
	var said []string
	for _, way := range ways {
		got, err := k.by(ctx, client, t.ID, c, way)
		if err == nil {
			return got, nil
		}
		var unmet *acme.AuthorizationError
		if k.strange(err) || !errors.As(err, &unmet) && !errors.Is(err, errNoChallenge) {
			return issue{}, err // another challenge would meet the same
		}
		tried = append(tried, fmt.Errorf("%s: %w", way, err))
		said = append(said, way+": "+words(err))
	}
	return issue{}, &failure{code: FaultRefused, cause: errors.Join(tried...), said: strings.Join(said, "; ")}
}

// errNoChallenge is that the authority offers no challenge of a kind.
var errNoChallenge = errors.New("domains: the authority does not offer this challenge")

// maySeal is seal.ErrErased for a region whose keys were destroyed: no order is made whose key could not be kept.
func (k *Keeper) maySeal(ctx context.Context, t tenant.ID) error {
	return k.db.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		return keys.MaySeal()
	})
}

// strange tells whether the authority does not know our account, and forgets it then: the next order registers anew.
func (k *Keeper) strange(err error) bool {
	var said *acme.Error
	if !errors.As(err, &said) || !strings.HasSuffix(said.ProblemType, ":accountDoesNotExist") {
		return false
	}
	k.mu.Lock()
	k.authority = nil
	k.mu.Unlock()
	return true
}

// by goes through one order with one kind of challenge.
func (k *Keeper) by(ctx context.Context, client *acme.Client, t tenant.ID, c Certificate, way string) (got issue, err error) {
	order, err := client.AuthorizeOrder(ctx, acme.DomainIDs(c.Host))
	if err != nil {
		return got, err
	}
	for _, url := range order.AuthzURLs {
		if err := k.meet(ctx, client, t, c, way, url); err != nil {
			return got, err
		}
	}
	if order, err = client.WaitOrder(ctx, order.URI); err != nil {
		return got, err
	}
	key, text, err := newKey()
	if err != nil {
		return got, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{}, DNSNames: []string{c.Host}}, key)
	if err != nil {
		return got, fmt.Errorf("domains: request: %w", err)
	}
	der, _, err := client.CreateCertFromOrder(ctx, order, csr, true)
	if err != nil {
		return got, err
	}
	got.key, got.way = text, way
	return got, got.take(c.Host, der, k.db.Now())
}

// meet meets the challenge of one authorisation. The token stands in the host's row before the authority is told to
// look, for it may come to any of our processes.
func (k *Keeper) meet(ctx context.Context, client *acme.Client, t tenant.ID, c Certificate, way, url string) error {
	authz, err := client.GetAuthorization(ctx, url)
	if err != nil || authz.Status == acme.StatusValid { // met not long ago, and still good
		return err
	}
	i := slices.IndexFunc(authz.Challenges, func(ch *acme.Challenge) bool { return ch.Type == way })
	if i < 0 {
		return errNoChallenge
	}
	challenge := authz.Challenges[i]
	err = k.db.In(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		n, err := store.Update[Certificate](tx).Set("challenge = ?, token = ?", way, challenge.Token).Where("id = ? and lease = ?", c.ID, c.Lease).Exec(ctx)
		if err == nil && n == 0 {
			err = errors.New("domains: another process has the order")
		}
		return err
	})
	if err != nil {
		return err
	}
	if _, err := client.Accept(ctx, challenge); err != nil {
		return err
	}
	_, err = client.WaitAuthorization(ctx, authz.URI)
	return err
}

// take checks what the authority has given: it must be for the host and for our key, and hold now.
func (i *issue) take(host string, der [][]byte, now time.Time) error {
	var chain strings.Builder
	for _, b := range der {
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: b}); err != nil {
			return fmt.Errorf("domains: %w", err)
		}
	}
	i.chain = chain.String()
	pair, err := tls.X509KeyPair([]byte(i.chain), []byte(i.key))
	if err != nil {
		return &failure{code: FaultServer, cause: err}
	}
	leaf := pair.Leaf
	if err := leaf.VerifyHostname(host); err != nil {
		return &failure{code: FaultServer, cause: err}
	}
	if !now.Before(leaf.NotAfter) {
		return &failure{code: FaultServer, cause: errors.New("the certificate has ended already")}
	}
	i.notAfter = leaf.NotAfter.UTC()
	// With a third of its life left: 30 days of 90, two of six.
	i.renewAt = i.notAfter.Add(-leaf.NotAfter.Sub(leaf.NotBefore) / 3)
	return nil
}
