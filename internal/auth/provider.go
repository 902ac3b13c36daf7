package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/idp"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// An agency may have an identity provider of its own, which the region's manifest names. It opens accounts that are of
// that agency alone: whoever runs the provider could otherwise become anybody, the region's administrator too.
//
// What goes out with a sign-in (state, nonce, PKCE's verifier) is derived from the token in the browser's cookie, of
// which only a hash is kept: nothing in the database goes on with it, and nothing outside that browser does.

// forProvider is what a challenge is for that waits for a provider's answer.
const forProvider = "provider"

// Strangers may begin as often as they may guess: each beginning asks a provider, or remembers what it said.
var (
	providerAddress = rule{"provider-address", 15 * time.Minute, 300}
	providerTenant  = rule{"provider-tenant", 15 * time.Minute, 2000}
)

// Provider is an agency whose people may sign in with an account of the agency's own.
type Provider struct {
	Agency       string // code
	Name, NameEN string // the agency's short name; NameEN may be empty
}

// ProviderReturn is where browsers come back to from an agency's provider, for it to know beforehand: below Site.Origin.
// Each agency has its own, so that one provider's answer is never taken for another's (RFC 9700, section 4.4).
func ProviderReturn(agency string) string { return "/masuk/instansi/" + agency + "/kembali" }

// SignInOf is what a region declares of an agency's provider; false: there is none.
func SignInOf(t *tenant.Tenant, agency string) (tenants.SignIn, bool) {
	if t.Region == nil {
		return tenants.SignIn{}, false
	}
	for _, a := range t.Region.Agencies {
		if a.Code == agency {
			return a.SignIn, a.SignIn.Given()
		}
	}
	return tenants.SignIn{}, false
}

// Providers lists the agencies that have a provider, in the manifest's order.
func (s *Service) Providers(ctx context.Context, t *tenant.Tenant) (out []Provider, err error) {
	var codes []string
	if t.Region != nil && s.opt.Providers != nil {
		for _, a := range t.Region.Agencies {
			if a.SignIn.Given() {
				codes = append(codes, a.Code)
			}
		}
	}
	if len(codes) == 0 {
		return nil, nil
	}
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		out = nil
		rows, err := store.Select[tenant.AgencyRow](tx).Where("code in ? and not retired", bun.Tuple(codes)).Order("sort").All(ctx)
		for _, a := range rows {
			out = append(out, Provider{a.Code, a.Short, a.ShortEN})
		}
		return err
	})
	return out, err
}

// ProviderStep is where a browser goes, and what it keeps until it comes back.
type ProviderStep struct {
	URL       string // at the provider
	Host      string // of it, to show
	Token     string // into a cookie of the browser that asked: taken once
	ExpiresAt time.Time
}

// inFlight is what a challenge remembers of a sign-in that is at a provider.
type inFlight struct {
	Agency string `json:"agency"`
	Issuer string `json:"issuer"`
	Client string `json:"client"`
	Next   string `json:"next,omitempty"`
	Fresh  bool   `json:"fresh,omitempty"`
}

// providerWithin is how long ago a provider may have asked somebody who signs in by it: an officer's whole day. Who sits
// down the next morning at a browser that the provider still knows shows anew who they are.
const providerWithin = Absolute

// attemptOf derives what goes out with a sign-in. Each has 256 bits, and none leads to another or to the token.
func attemptOf(token string, row challenge, fresh bool) idp.Attempt {
	of := func(what string) string {
		h := hmac.New(sha256.New, []byte(token))
		h.Write([]byte("pendopo provider " + what))
		return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
	}
	out := idp.Attempt{State: of("state"), Nonce: of("nonce"), Verifier: of("verifier")}
	if out.Within = providerWithin; fresh {
		out.Fresh = row.CreatedAt
	}
	return out
}

// BeginProvider begins a sign-in at an agency's provider. next is where the person wants to go on; fresh asks the
// provider to ask them again, for whoever is signed in by it and must show who they are. Faults: "auth.provider.none"
// (404), "auth.provider.down" (503), "auth.provider.setup" (503), "auth.slow" (429), "auth.busy" (503).
func (s *Service) BeginProvider(ctx context.Context, t *tenant.Tenant, site Site, agency, next string, fresh bool, from From) (out ProviderStep, err error) {
	declared, ok := SignInOf(t, agency)
	if !ok || s.opt.Providers == nil {
		return out, fault.New(fault.NotFound, "auth.provider.none")
	}
	data, err := json.Marshal(inFlight{agency, declared.Issuer, declared.ClientID, next, fresh})
	if err != nil {
		return out, err
	}
	row := &challenge{Purpose: forProvider, Kind: Cookie, Data: string(data)}
	var r idp.Registration
	err = s.counted(ctx, t, providerGuess(agency, from), func(ctx context.Context, tx *store.Tx, _ attempt) error {
		if r, err = registration(ctx, tx, t, site, agency, declared); err != nil {
			return err
		}
		out.Token, err = putChallenge(ctx, tx, row, ceremonyHolds)
		out.ExpiresAt = row.ExpiresAt
		return err
	})
	if err != nil {
		return ProviderStep{}, err
	}
	out.URL, err = s.opt.Providers.Begin(ctx, r, attemptOf(out.Token, *row, fresh))
	if err != nil {
		return ProviderStep{}, s.providerFault(t, agency, err)
	}
	if u, err := url.Parse(out.URL); err == nil {
		out.Host = u.Host
	}
	return out, nil
}

func providerGuess(agency string, from From) guess {
	nobody := func(context.Context, *store.Tx) (*account, error) { return nil, nil }
	return guess{"provider:" + agency, from, nobody, []rule{providerAddress, providerTenant}, rule{}}
}

// registration is how an agency's provider knows us, with the secret if there is one. The fault is
// "auth.provider.setup": the secret was given for another issuer or client, and goes to no other.
func registration(ctx context.Context, tx *store.Tx, t *tenant.Tenant, site Site, agency string, declared tenants.SignIn) (idp.Registration, error) {
	r := idp.Registration{Owner: t.ID.String(), Issuer: declared.Issuer, ClientID: declared.ClientID, Redirect: site.Origin + ProviderReturn(agency)}
	row, err := secretOf(ctx, tx, agency)
	if err != nil || row == nil {
		return r, err
	}
	if row.Issuer != declared.Issuer || row.ClientID != declared.ClientID {
		return r, fault.New(fault.Unavailable, "auth.provider.setup")
	}
	r.Secret, err = shown(ctx, tx, providerSecret, row.ID, row.Secret)
	return r, err
}

// providerFault is what a person is told of what idp says; the cause is logged.
func (s *Service) providerFault(t *tenant.Tenant, agency string, err error) error {
	var kind fault.Kind
	var code string
	switch {
	case errors.Is(err, idp.ErrBusy):
		kind, code = fault.Unavailable, "auth.busy"
	case errors.Is(err, idp.ErrDown):
		kind, code = fault.Unavailable, "auth.provider.down"
	case errors.Is(err, idp.ErrClient):
		kind, code = fault.Unavailable, "auth.provider.setup"
	case errors.Is(err, idp.ErrClock):
		kind, code = fault.Unauthenticated, "auth.provider.clock"
	case errors.Is(err, idp.ErrStale):
		kind, code = fault.Unauthenticated, "auth.provider.stale"
	case errors.Is(err, idp.ErrAnswer):
		kind, code = fault.Unauthenticated, "auth.provider.answer"
	default:
		return err
	}
	s.opt.Log.Warn("sign-in by an agency's provider failed", slog.String("tenant", t.Code), slog.String("agency", agency), slog.String("error", err.Error()))
	return fault.Wrap(err, kind, code)
}

// FinishProvider ends a sign-in with what the browser brought back, and tells where the person wanted to go on. Like
// SignIn it may wait for a second step ("mfa_required", 401). Faults beside those of BeginProvider:
//
//   - "auth.provider.again" (401): it has expired, was used, or was begun in another browser;
//   - "auth.provider.cancelled" (401), "auth.provider.refused" (401): the person, or the provider, does not want to;
//   - "auth.provider.answer", "auth.provider.clock" (401): what the provider says does not fit;
//   - "auth.provider.stale" (401): it asked the person longer ago than we take;
//   - "auth.provider.address" (403): no verified address of the agency's;
//   - "auth.provider.unknown" (403): nobody of this agency has that address here;
//   - "auth.provider.elsewhere" (403): they may do more than this agency, or other things: a password is asked of them;
//   - "auth.provider.taken" (403): the address belonged to another account at the provider before;
//   - "auth.provider.closed" (403): their account here is suspended or retired.
func (s *Service) FinishProvider(ctx context.Context, t *tenant.Tenant, site Site, agency, token string, said idp.Answer, from From) (out Session, next string, err error) {
	var row challenge
	var flight inFlight
	var r idp.Registration
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if row, err = findChallenge(ctx, tx, token, forProvider); err != nil {
			return err
		}
		return useChallenge(ctx, tx, row) // whatever the answer is worth
	})
	if fault.Is(err, "auth.step") {
		return out, "", again()
	}
	if err == nil {
		err = json.Unmarshal([]byte(row.Data), &flight)
	}
	if err != nil {
		return out, "", err
	}
	attempted := attemptOf(token, row, flight.Fresh)
	declared, ok := SignInOf(t, agency)
	if !ok || s.opt.Providers == nil || flight.Agency != agency || flight.Issuer != declared.Issuer || flight.Client != declared.ClientID ||
		!hmac.Equal([]byte(said.State), []byte(attempted.State)) {
		return out, flight.Next, again()
	}
	switch said.Error {
	case "":
	case "access_denied":
		return out, flight.Next, fault.New(fault.Unauthenticated, "auth.provider.cancelled")
	default:
		return out, flight.Next, fault.New(fault.Unauthenticated, "auth.provider.refused")
	}
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		r, err = registration(ctx, tx, t, site, agency, declared)
		return err
	})
	if err != nil {
		return out, flight.Next, err
	}
	person, err := s.opt.Providers.Finish(ctx, r, attempted, said)
	if err != nil {
		return out, flight.Next, s.refusedByProvider(ctx, t, agency, "", from, s.providerFault(t, agency, err))
	}
	out, err = s.enterByProvider(ctx, t, agency, declared, person, row.CreatedAt, from)
	if fault.KindOf(err) == fault.Forbidden && err != nil {
		err = s.refusedByProvider(ctx, t, agency, seal.Email(person.Email), from, err)
	}
	return out, flight.Next, err
}

func again() error { return fault.New(fault.Unauthenticated, "auth.provider.again") }

// refusedByProvider records that a sign-in by a provider was refused, and why; email is whose, as far as the provider
// said so.
func (s *Service) refusedByProvider(ctx context.Context, t *tenant.Tenant, agency, email string, from From, why error) error {
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		g, target := providerGuess(agency, from), "provider:"+agency
		if email != "" {
			g.who, target = email, Account(s.opt.Hasher, t.ID, email)
		}
		who, err := g.named(ctx, tx, keys)
		if err != nil {
			return err
		}
		// Each cause is counted by itself: the second one says more than that there was a first.
		cause := strings.TrimPrefix(strings.TrimPrefix(fault.Of(why).Code, "auth."), "provider.")
		return s.failed(ctx, tx, who, failure{
			name: "provider-failed-" + cause, action: "auth:session:create", target: target, kind: Cookie, tell: math.MaxInt,
			via: agency, why: cause,
		})
	})
	if err != nil {
		return err
	}
	return why
}

// enterByProvider lets a person in of whom the provider says who they are.
func (s *Service) enterByProvider(ctx context.Context, t *tenant.Tenant, agency string, declared tenants.SignIn, p idp.Person, began time.Time, from From) (out Session, err error) {
	if email := seal.Email(p.Email); !p.Verified || !IsAddress(email) || !ofDomain(email, declared.Domains) {
		return out, fault.New(fault.Forbidden, "auth.provider.address", strings.Join(declared.Domains, ", "))
	}
	var waits *Step
	enter := func(ctx context.Context, tx *store.Tx) error {
		waits, out = nil, Session{}
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		who, err := providerGuess(agency, from).named(ctx, tx, keys)
		if err != nil {
			return err
		}
		if err := s.forgive(ctx, tx, who, began); err != nil {
			return err
		}
		user, err := s.known(ctx, tx, t, agency, declared, p)
		if err != nil {
			return err
		}
		as := how{via: agency, proved: p.ProvedAt}
		if as.proved.After(tx.Now()) { // the provider's clock is a little ahead
			as.proved = tx.Now()
		}
		if slices.ContainsFunc(p.Methods, func(m string) bool { return slices.Contains(declared.SecondFactor, m) }) {
			as.by = ByProvider
		} else {
			f, err := factorsOf(ctx, tx, user.ID)
			if err != nil {
				return err
			}
			if f.Any() {
				waits, err = s.wait(ctx, tx, user.ID, Cookie, agency, f)
				return err
			}
		}
		out, err = s.start(ctx, tx, t, user, Cookie, as, from)
		return err
	}
	// Of two first sign-ins of one person at once, one finds on its second try what the other has made.
	if err = s.db.In(ctx, t.ID, enter); fault.Is(err, "duplicate") {
		err = s.db.In(ctx, t.ID, enter)
	}
	switch {
	case err != nil:
		return Session{}, err
	case waits != nil:
		return Session{}, waits.fault(t)
	}
	return out, nil
}

// ofDomain tells whether an address, in lower case, is of one of these domains. A subdomain is another domain.
func ofDomain(email string, domains []string) bool {
	at := strings.LastIndexByte(email, '@')
	return at > 0 && slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(email[at+1:], d) })
}

// known finds whose a provider's account is, and holds it: by the bond of an earlier sign-in, or at the first one by the
// address; or makes an account, where the manifest says so.
func (s *Service) known(ctx context.Context, tx *store.Tx, t *tenant.Tenant, agency string, declared tenants.SignIn, p idp.Person) (*account, error) {
	bound, err := boundTo(ctx, tx, agency, declared.Issuer, p.Subject)
	if err != nil {
		return nil, err
	}
	if bound != nil {
		user, err := s.mayEnter(ctx, tx, t, agency, bound.UserID)
		if err != nil {
			return nil, err
		}
		n, err := store.Update[identity](tx).Set("used_at = ?", tx.Now()).Where("id = ?", bound.ID).Exec(ctx)
		if err == nil && n == 0 { // loosened while we waited for the account
			err = again()
		}
		return user, err
	}
	user, err := accountByEmail(ctx, tx, p.Email)
	if err != nil {
		return nil, err
	}
	if user == nil {
		if !declared.Create {
			return nil, fault.New(fault.Forbidden, "auth.provider.unknown")
		}
		if user, err = s.createByProvider(ctx, tx, t, agency, declared, p); err != nil {
			return nil, err
		}
	} else if user, err = s.mayEnter(ctx, tx, t, agency, user.ID); err != nil {
		return nil, err
	}
	return user, s.bind(ctx, tx, agency, declared.Issuer, p.Subject, user.ID)
}

// boundTo finds the bond of a provider's account; nil: there is none.
func boundTo(ctx context.Context, tx *store.Tx, agency, issuer, subject string) (*identity, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return nil, err
	}
	indexes, err := keys.Lookup(identitySubject, subjectText(agency, issuer, subject))
	if err != nil || len(indexes) == 0 {
		return nil, err
	}
	rows, err := store.Select[identity](tx).Where("subject_index in ?", bun.Tuple(indexes)).Limit(1).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// subjectText is a provider's account as one text. None of its parts has a newline: the first two are checked in the
// manifest, and a subject that has one is only ever the last.
func subjectText(agency, issuer, subject string) string {
	return agency + "\n" + issuer + "\n" + subject
}

// bind ties a provider's account to a person who has none at that provider yet. One of a former provider of the
// agency's gives way.
func (s *Service) bind(ctx context.Context, tx *store.Tx, agency, issuer, subject string, user id.ID) error {
	taken, err := store.Select[identity](tx).Where("agency = ? and user_id = ? and issuer = ?", agency, user, issuer).Exists(ctx)
	if err == nil && taken {
		err = fault.New(fault.Forbidden, "auth.provider.taken")
	}
	if err != nil {
		return err
	}
	if _, err := store.Delete[identity](ctx, tx, "agency = ? and user_id = ?", agency, user); err != nil {
		return err
	}
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	row := &identity{ID: id.New(), UserID: user, Agency: agency, Issuer: issuer, CreatedAt: tx.Now(), UsedAt: tx.Now()}
	text := subjectText(agency, issuer, subject)
	if row.Subject, err = keys.Seal(identitySubject, row.ID, text); err != nil {
		return err
	}
	if row.SubjectIndex, err = keys.Index(identitySubject, text); err != nil {
		return err
	}
	if err := store.Insert(ctx, tx, row); err != nil {
		return err
	}
	tx.Audit(store.Record{Actor: "user:" + user.String(), Action: "auth:identity:create", Target: "user:" + user.String(), Data: viaData{agency}})
	return s.opt.Notices.Notice(ctx, tx, user, NoticeIdentityAdded, nil)
}

// viaData is by which agency's provider something was done.
type viaData struct {
	Via string `json:"via"`
}

// mayEnter holds the account of somebody who may be let in by an agency's provider: who is of that agency, and of
// nothing else.
func (s *Service) mayEnter(ctx context.Context, tx *store.Tx, t *tenant.Tenant, agency string, user id.ID) (*account, error) {
	person, err := held(ctx, tx, user)
	if fault.Is(err, "auth.step") {
		return nil, fault.New(fault.Forbidden, "auth.provider.closed")
	}
	if err != nil {
		return nil, err
	}
	grants, err := grantsOf(ctx, tx, user)
	switch {
	case err != nil:
		return nil, err
	case len(grants) == 0:
		return nil, fault.New(fault.Forbidden, "auth.provider.unknown")
	case !within(t, agency, grants):
		return nil, fault.New(fault.Forbidden, "auth.provider.elsewhere")
	}
	return person, nil
}

// within tells whether somebody's roles are all an officer's or an admin's of one agency, which is all that its provider
// may open; and whether it has one.
func within(t *tenant.Tenant, agency string, grants []tenant.Grant) bool {
	if _, ok := SignInOf(t, agency); !ok {
		return false
	}
	return !slices.ContainsFunc(grants, func(g tenant.Grant) bool {
		return g.Scope != t.AgencyScope(agency) || g.Role != authz.RoleOfficer && g.Role != authz.RoleAgencyAdmin
	})
}

// createByProvider makes the account of somebody whom the provider vouches for, with the one role that the manifest
// says. It has no password: until somebody is sent a link for one, only the provider opens it.
func (s *Service) createByProvider(ctx context.Context, tx *store.Tx, t *tenant.Tenant, agency string, declared tenants.SignIn, p idp.Person) (*account, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return nil, err
	}
	row := &tenant.User{ID: id.New(), Source: tenant.FromProvider, CreatedAt: tx.Now()}
	if err := row.Seal(keys, p.Email, personName(p)); err != nil {
		return nil, err
	}
	if err := store.Insert(ctx, tx, row); err != nil {
		return nil, err
	}
	grant := &tenant.Grant{UserID: row.ID, Role: string(declared.Role), Scope: t.AgencyScope(agency), Source: tenant.FromProvider}
	if err := store.Insert(ctx, tx, grant); err != nil {
		return nil, err
	}
	tx.Audit(store.Record{Actor: "user:" + row.ID.String(), Action: "auth:account:create", Target: "user:" + row.ID.String(), Data: viaData{agency},
		After: struct {
			Name  string   `json:"name"`
			Email string   `json:"email"`
			Roles []string `json:"roles"`
		}{s.opt.Hasher.Personal(t.ID, "name", personName(p)), s.opt.Hasher.Personal(t.ID, "email", seal.Email(p.Email)), []string{grant.Role + " " + grant.Scope}}})
	return held(ctx, tx, row.ID)
}

// personName is what the provider calls somebody, in one line; their address's first part where it says nothing.
func personName(p idp.Person) string {
	name := strings.Join(strings.FieldsFunc(p.Name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if r := []rune(name); len(r) > maxName {
		name = string(r[:maxName])
	}
	if name == "" {
		name, _, _ = strings.Cut(seal.Email(p.Email), "@")
	}
	return name
}
