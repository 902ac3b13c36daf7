// Package idp speaks with agencies' own identity providers: OpenID Connect Core 1.0 by the authorization code flow,
// with PKCE (RFC 7636), a nonce, and the issuer's identification (RFC 9207). It knows no database and no pages.
//
// A provider's address is written by a region, which is one of many on this platform: what is asked, for how long, how
// much of the answer is read and which networks are reached is bounded here. Nothing of a provider's is kept but its
// discovery document and its public keys, for some minutes.
package idp

import (
	"cmp"
	"context"
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// What can go wrong. Each stands in a chain with its cause, which is for the operator's log: it holds no token, no
// code and no secret.
var (
	ErrDown   = errors.New("the provider cannot be asked")            // it does not answer, or not as a provider does
	ErrClient = errors.New("the provider does not accept our client") // a wrong client or secret
	ErrAnswer = errors.New("the provider's answer cannot be trusted") // a signature, a nonce, an audience ... that does not fit
	ErrStale  = errors.New("the provider asked the person too long ago")
	ErrClock  = errors.New("the provider's clock and ours do not agree") // or the answer took too long
	ErrBusy   = errors.New("too many are asking the provider at once")   // nobody was asked
)

// How far a provider's clock may be ahead, and how long what it says of itself is believed.
const (
	skew  = 2 * time.Minute
	known = 10 * time.Minute
)

// PerOwner is how many of one tenant may ask at once, so that its dead provider does not hold up the others'; all
// together in this process are more.
const (
	PerOwner   = 8
	altogether = 256
	maxKnown   = 2000
)

// silent is Options.Silent, where nobody says otherwise.
const silent = 5 * time.Second

// Options of New.
type Options struct {
	Networks []netip.Prefix   // beside the public internet; see PENDOPO_SSO_NETWORKS
	Now      func() time.Time // the application's clock
	Roots    *x509.CertPool   // nil: the system's
	Silent   time.Duration    // how long a provider that did not answer is not asked again; 0: five seconds
}

// Client asks providers.
type Client struct {
	opt  Options
	http *http.Client

	mu    sync.Mutex
	known map[key]*provider
	busy  map[string]int    // by owner
	mute  map[key]time.Time // until when a provider that did not answer is not asked
	all   int
}

// key names a provider within a tenant: what one region's provider says is nothing to another's.
type key struct{ owner, issuer string }

// New makes a client.
func New(opt Options) *Client {
	opt.Silent = cmp.Or(opt.Silent, silent)
	c := &Client{opt: opt, known: map[key]*provider{}, busy: map[string]int{}, mute: map[key]time.Time{}}
	c.http = c.newHTTP()
	return c
}

// Registration is how a provider knows us.
type Registration struct {
	Owner    string // whose it is: the tenant
	Issuer   string
	ClientID string
	Secret   string // "": a public client
	Redirect string // where browsers come back to
}

func (r Registration) key() key { return key{r.Owner, r.Issuer} }

// Attempt is one sign-in: what goes out with it and must come back. Each is a secret of 256 bits.
type Attempt struct {
	State, Nonce, Verifier string
	// Fresh asks the provider to ask the person again, since a moment by our clock. Zero: as it likes.
	Fresh time.Time
	// Within is how long ago the provider may have asked the person, at the most, in whole seconds. Zero: any time.
	Within time.Duration
}

// Answer is the query with which a browser came back.
type Answer struct {
	Code, State, Issuer, Error string
}

// Person is who the provider says somebody is.
type Person struct {
	Subject  string // within the issuer, for good
	Email    string // "" when it names none
	Verified bool   // it vouches for the address
	Name     string
	Methods  []string  // how it has asked: the claims acr and amr
	ProvedAt time.Time // when it last asked; zero: it does not say
}

// provider is what a provider said of itself.
type provider struct {
	*oidc.Provider
	until  time.Time
	says   metadata
	remote oidc.KeySet
}

type metadata struct {
	Auth     string   `json:"authorization_endpoint"`
	Token    string   `json:"token_endpoint"`
	Keys     string   `json:"jwks_uri"`
	Signs    []string `json:"id_token_signing_alg_values_supported"`
	Methods  []string `json:"token_endpoint_auth_methods_supported"`
	PKCE     []string `json:"code_challenge_methods_supported"`
	NamesIss bool     `json:"authorization_response_iss_parameter_supported"`
}

// enter takes a place among those who ask; leave gives it back.
func (c *Client) enter(k key) (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= altogether || c.busy[k.owner] >= PerOwner {
		return nil, ErrBusy
	}
	c.all++
	c.busy[k.owner]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all--
		if c.busy[k.owner]--; c.busy[k.owner] == 0 {
			delete(c.busy, k.owner)
		}
	}, nil
}

// discover asks a provider for what it says of itself, or remembers it.
func (c *Client) discover(ctx context.Context, r Registration, anew bool) (*provider, error) {
	now := c.opt.Now()
	c.mu.Lock()
	p, wait := c.known[r.key()], c.mute[r.key()].Sub(now)
	c.mu.Unlock()
	if wait > 0 && wait <= c.opt.Silent && !anew { // a clock that was set back does not make it last
		return nil, fmt.Errorf("%w: it did not answer a moment ago", ErrDown)
	}
	if !anew && p != nil && now.Before(p.until) && p.until.Sub(now) <= known {
		return p, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, c.http), r.Issuer)
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.mute) >= maxKnown {
			clear(c.mute)
		}
		c.mute[r.key()] = c.opt.Now().Add(c.opt.Silent)
		return nil, fmt.Errorf("%w: %w", ErrDown, brief(err))
	}
	p = &provider{Provider: found, until: now.Add(known)}
	if err := found.Claims(&p.says); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDown, brief(err))
	}
	for name, at := range map[string]string{"authorization_endpoint": p.says.Auth, "token_endpoint": p.says.Token, "jwks_uri": p.says.Keys} {
		u, err := url.Parse(at)
		if err != nil || !c.secure(u) || u.User != nil || u.Fragment != "" || len(at) > 1000 {
			return nil, fmt.Errorf("%w: its %s is no https address", ErrDown, name)
		}
	}
	if len(p.says.PKCE) > 0 && !slices.Contains(p.says.PKCE, "S256") {
		return nil, fmt.Errorf("%w: it does not know PKCE with S256", ErrDown)
	}
	p.remote = oidc.NewRemoteKeySet(oidc.ClientContext(context.WithoutCancel(ctx), c.http), p.says.Keys)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown {
		clear(c.known)
	}
	c.known[r.key()] = p
	return p, nil
}

// Look asks a provider for its discovery document. needsSecret tells that it takes no client without a secret.
// The error is ErrDown or ErrBusy.
func (c *Client) Look(ctx context.Context, r Registration) (needsSecret bool, err error) {
	leave, err := c.enter(r.key())
	if err != nil {
		return false, err
	}
	defer leave()
	p, err := c.discover(ctx, r, true)
	if err != nil {
		return false, err
	}
	return !slices.Contains(p.says.Methods, "none"), nil
}

// Begin is the address at the provider to which a browser goes. The error is ErrDown or ErrBusy.
func (c *Client) Begin(ctx context.Context, r Registration, a Attempt) (string, error) {
	leave, err := c.enter(r.key())
	if err != nil {
		return "", err
	}
	defer leave()
	p, err := c.discover(ctx, r, false)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	switch {
	case !a.Fresh.IsZero():
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	case a.Within > 0:
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(a.Within/time.Second))))
	}
	return c.config(p, r).AuthCodeURL(a.State, options...), nil
}

func (c *Client) config(p *provider, r Registration) *oauth2.Config {
	endpoint := p.Endpoint()
	// In the body where the provider takes it there: how a secret is encoded in a header differs among them (RFC 6749,
	// section 2.3.1). A client without a secret names itself in the body.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if r.Secret == "" || slices.Contains(p.says.Methods, "client_secret_post") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: r.ClientID, ClientSecret: r.Secret, Endpoint: endpoint, RedirectURL: r.Redirect, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
}

// Finish changes the answer's code for who the person is. Any of the package's errors is possible; ErrAnswer is also a
// code that was used before.
func (c *Client) Finish(ctx context.Context, r Registration, a Attempt, said Answer) (Person, error) {
	leave, err := c.enter(r.key())
	if err != nil {
		return Person{}, err
	}
	defer leave()
	if subtle.ConstantTimeCompare([]byte(said.State), []byte(a.State)) != 1 {
		return Person{}, untrue("another state")
	}
	p, err := c.discover(ctx, r, false)
	if err != nil {
		return Person{}, err
	}
	if said.Issuer != "" && said.Issuer != r.Issuer || said.Issuer == "" && p.says.NamesIss { // RFC 9207, section 2.4
		return Person{}, untrue("another issuer, or none, in the address")
	}
	ctx = oidc.ClientContext(ctx, c.http)
	token, err := c.config(p, r).Exchange(ctx, said.Code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Person{}, exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Person{}, untrue("no ID token")
	}
	return c.verify(ctx, p, r, a, raw)
}

func untrue(what string) error { return fmt.Errorf("%w: %s", ErrAnswer, what) }

// exchangeError tells what a refused code means. What the provider wrote besides its error's code stays out of logs.
func exchangeError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fmt.Errorf("%w: token endpoint: %w", ErrDown, brief(err))
	}
	code := word(refused.ErrorCode)
	switch status := refused.Response.StatusCode; {
	case code == "invalid_client" || code == "unauthorized_client":
		return fmt.Errorf("%w: %s", ErrClient, code)
	case code == "invalid_grant":
		return untrue(code)
	case code == "" && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return fmt.Errorf("%w: status %d", ErrClient, status)
	default:
		return fmt.Errorf("%w: token endpoint: status %d %s", ErrDown, status, code)
	}
}

// word is what looks like an OAuth error code, and "other" for what does not.
func word(s string) string {
	if len(s) > 40 || strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) {
		return "other"
	}
	return s
}

// brief is an error that shows nothing of an answer's body: the library's show it whole.
func brief(err error) error {
	var at *url.Error
	var issuer *oidc.IssuerMismatchError
	switch {
	case errors.As(err, &at):
		return at.Err
	case errors.As(err, &issuer):
		return fmt.Errorf("it calls itself %.200q", issuer.Discovered)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	}
	first, _, _ := strings.Cut(err.Error(), ":")
	if strings.Contains(err.Error(), errLarge.Error()) {
		return errLarge
	}
	if len(first) > 60 {
		first = "an answer that cannot be read"
	}
	return errors.New(first)
}

// keys remembers why a signature could not be checked: the library leaves the cause out of its error.
type keys struct {
	oidc.KeySet
	unreached error
}

func (k *keys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	var at *url.Error
	if err != nil && (errors.As(err, &at) || strings.HasPrefix(err.Error(), "fetching keys")) {
		k.unreached = brief(err)
	}
	return payload, err
}

// verify checks an ID token as OpenID Connect Core 1.0, section 3.1.3.7 asks for it.
func (c *Client) verify(ctx context.Context, p *provider, r Registration, a Attempt, raw string) (Person, error) {
	set := &keys{KeySet: p.remote}
	cfg := &oidc.Config{ClientID: r.ClientID, Now: c.opt.Now, SupportedSigningAlgs: p.says.signs()}
	token, err := oidc.NewVerifier(r.Issuer, set, cfg).Verify(ctx, raw)
	var expired *oidc.TokenExpiredError
	switch {
	case err == nil:
	case set.unreached != nil:
		return Person{}, fmt.Errorf("%w: its keys: %w", ErrDown, set.unreached)
	case errors.As(err, &expired), strings.Contains(err.Error(), "before the nbf"):
		return Person{}, ErrClock
	default:
		return Person{}, untrue(brief(err).Error())
	}
	var says claims
	if err := token.Claims(&says); err != nil {
		return Person{}, untrue("claims that cannot be read")
	}
	now := c.opt.Now()
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(a.Nonce)) != 1:
		return Person{}, untrue("another nonce")
	case says.Party != "" && says.Party != r.ClientID, len(token.Audience) > 1 && says.Party == "":
		return Person{}, untrue("for another party")
	case token.IssuedAt.IsZero() || token.IssuedAt.After(now.Add(skew)):
		return Person{}, ErrClock
	case token.Subject == "" || len(token.Subject) > 255: // section 2
		return Person{}, untrue("no subject")
	}
	out := Person{Subject: token.Subject, Email: says.Email, Verified: bool(says.Verified), Name: says.Name, Methods: says.AMR}
	if says.ACR != "" {
		out.Methods = append([]string{says.ACR}, says.AMR...)
	}
	if at, err := says.AuthTime.Float64(); err == nil && at > 0 && at < 1<<40 {
		out.ProvedAt = time.Unix(int64(at), 0)
	}
	switch {
	case out.ProvedAt.After(now.Add(skew)):
		return Person{}, ErrClock
	case !a.Fresh.IsZero() && out.ProvedAt.Before(a.Fresh.Add(-skew)):
		return Person{}, untrue("it has not asked again, or does not say so")
	case a.Fresh.IsZero() && a.Within > 0 && !out.ProvedAt.IsZero() && out.ProvedAt.Before(now.Add(-a.Within-skew)):
		// Of one that does not say when it asked, nothing is known: such a sign-in does not count as proven.
		return Person{}, ErrStale
	}
	return out, nil
}

// asymmetric are the algorithms by which a token may be signed: with a key that only the provider has.
var asymmetric = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// signs are those of them that the provider names; RS256 where it names none. "none" and HS256 are never among them,
// whatever a provider or a token says.
func (m metadata) signs() (out []string) {
	for _, alg := range m.Signs {
		if slices.Contains(asymmetric, alg) {
			out = append(out, alg)
		}
	}
	if out == nil {
		out = []string{oidc.RS256}
	}
	return out
}

// claims are what is read of an ID token beside what the library reads. Providers differ in how they write some.
type claims struct {
	Party    string      `json:"azp"`
	Email    string      `json:"email"`
	Verified truth       `json:"email_verified"`
	Name     string      `json:"name"`
	ACR      string      `json:"acr"`
	AMR      list        `json:"amr"`
	AuthTime json.Number `json:"auth_time"`
}

// truth is true, or "true" as some write it.
type truth bool

// UnmarshalJSON implements json.Unmarshaler. What is neither is false.
func (t *truth) UnmarshalJSON(b []byte) error {
	s := string(b)
	*t = s == "true" || s == `"true"`
	return nil
}

// list is a list of texts, or one.
type list []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *list) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}
