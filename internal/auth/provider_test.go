package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/idp"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// vouches is a provider that says what the test wants; how providers are really asked is internal/idp's.
type vouches struct {
	person idp.Person
	err    error
	went   idp.Attempt
	as     idp.Registration
}

func (v *vouches) Begin(_ context.Context, r idp.Registration, a idp.Attempt) (string, error) {
	v.went, v.as = a, r
	return r.Issuer + "/auth", v.err
}

func (v *vouches) Finish(context.Context, idp.Registration, idp.Attempt, idp.Answer) (idp.Person, error) {
	return v.person, v.err
}

// lend gives the first region's agency a provider.
func (w *world) lend(t *testing.T, v *vouches, notices auth.Notices) *tenant.Tenant {
	t.Helper()
	w.s = auth.New(w.db, auth.Options{Hasher: hasher, Providers: v, Notices: notices})
	tn := *of(w.a)
	tn.Scope = w.a.Scope
	tn.Region = &tenants.Region{Agencies: []tenants.Agency{{Code: "dukcapil", SignIn: tenants.SignIn{
		Issuer: "https://sso.kantor.test", ClientID: "pendopo", Role: tenants.RoleOfficer, Domains: []string{"kantor.test"}, Create: true,
	}}}}
	return &tn
}

var ourSite = auth.Site{Origin: "https://a.localhost"}

func (w *world) byProvider(t *testing.T, tn *tenant.Tenant, v *vouches, from auth.From) (auth.Session, error) {
	t.Helper()
	step, err := w.s.BeginProvider(t.Context(), tn, ourSite, "dukcapil", "/petugas", false, from)
	if err != nil {
		return auth.Session{}, err
	}
	s, next, err := w.s.FinishProvider(t.Context(), tn, ourSite, "dukcapil", step.Token, idp.Answer{Code: "c", State: v.went.State}, from)
	if next != "/petugas" {
		t.Errorf("led to %q", next)
	}
	return s, err
}

// Who came in by a provider, and who did not and why, is recorded without their name, and the person is told of the bond.
func TestProviderIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := &vouches{person: idp.Person{Subject: "sub-rahasia", Email: "siti@kantor.test", Verified: true, Name: "Siti Aminah"}}
		said := &toldOf{}
		tn := w.lend(t, v, said)
		s, err := w.byProvider(t, tn, v, home)
		if err != nil {
			t.Fatal(err)
		}
		if v.as.Redirect != "https://a.localhost/masuk/instansi/dukcapil/kembali" || v.as.Owner != w.a.ID.String() || v.as.Secret != "" {
			t.Errorf("%+v", v.as)
		}
		v.person.Email = "siti@lain.test"
		if _, err := w.byProvider(t, tn, v, home); !fault.Is(err, "auth.provider.address") {
			t.Error(err)
		}
		v.person = idp.Person{Subject: "another", Email: "siti@kantor.test", Verified: true}
		if _, err := w.byProvider(t, tn, v, home); !fault.Is(err, "auth.provider.taken") {
			t.Error(err)
		}
		for want, err := range map[string]error{
			"auth.provider.down": idp.ErrDown, "auth.provider.setup": idp.ErrClient, "auth.provider.answer": idp.ErrAnswer, "auth.provider.clock": idp.ErrClock, "auth.provider.stale": idp.ErrStale, "auth.busy": idp.ErrBusy,
		} {
			v.err = fmt.Errorf("%w: cause", err)
			if _, got := w.byProviderAt(t, tn, v, func() { v.err = fmt.Errorf("%w: cause", err) }); !fault.Is(got, want) || !errors.Is(got, err) {
				t.Errorf("%v: %v", err, got)
			}
		}
		var text []string
		whys := map[string]bool{}
		for _, r := range w.records(t, w.a) {
			text = append(text, fmt.Sprint(r))
			for _, why := range []string{"address", "taken", "down", "setup", "answer", "clock", "stale", "busy"} {
				if strings.Contains(fmt.Sprint(r), `"why":"`+why+`"`) {
					whys[why] = true
				}
			}
		}
		all := strings.Join(text, "\n")
		for _, want := range []string{"auth:account:create", "auth:identity:create", `"via":"dukcapil"`, "user:" + s.Actor.UserID.String(), "account:", "provider:dukcapil", "officer " + w.a.Scope + "/dukcapil"} {
			if !strings.Contains(all, want) {
				t.Errorf("no record has %s:\n%s", want, all)
			}
		}
		for _, personal := range []string{"siti", "Siti", "Aminah", "kantor.test", "sub-rahasia", "another"} {
			if strings.Contains(all, personal) {
				t.Errorf("a record has %q", personal)
			}
		}
		if len(whys) != 8 {
			t.Errorf("recorded %v", whys)
		}
		if !said.has(s.Actor.UserID, auth.NoticeIdentityAdded) {
			t.Errorf("told %v", said.all)
		}
		// No letter gives a password to whom only a provider lets in.
		if err := w.s.RequestReset(t.Context(), tn, "siti@kantor.test", home); err != nil || said.has(s.Actor.UserID, auth.LetterReset) {
			t.Errorf("a letter: %v %v", err, said.all)
		}
	})
}

// byProviderAt is byProvider of a provider that begins well and fails at the end.
func (w *world) byProviderAt(t *testing.T, tn *tenant.Tenant, v *vouches, fail func()) (auth.Session, error) {
	t.Helper()
	v.err = nil
	step, err := w.s.BeginProvider(t.Context(), tn, ourSite, "dukcapil", "", false, home)
	if err != nil {
		t.Fatal(err)
	}
	fail()
	s, _, err := w.s.FinishProvider(t.Context(), tn, ourSite, "dukcapil", step.Token, idp.Answer{Code: "c", State: v.went.State}, home)
	v.err = nil
	return s, err
}

// toldOf keeps what people are told.
type toldOf struct{ all []string }

func (n *toldOf) Notice(_ context.Context, _ *store.Tx, user id.ID, kind string, _ map[string]string) error {
	n.all = append(n.all, user.String()+" "+kind)
	return nil
}

func (n *toldOf) has(user id.ID, kind string) bool {
	return strings.Contains("\n"+strings.Join(n.all, "\n")+"\n", "\n"+user.String()+" "+kind+"\n")
}

// Beginning is slowed by address and region; who comes in is not counted.
func TestProviderIsSlowed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := &vouches{person: idp.Person{Subject: "s", Email: "siti@kantor.test", Verified: true}}
		tn := w.lend(t, v, nil)
		if _, err := w.byProvider(t, tn, v, home); err != nil {
			t.Fatal(err)
		}
		begin := func(from auth.From) error {
			_, err := w.s.BeginProvider(t.Context(), tn, ourSite, "dukcapil", "", false, from)
			return err
		}
		for i := range 300 {
			if err := begin(home); err != nil {
				t.Fatalf("%d: %v", i, err)
			}
		}
		if err := begin(home); !fault.Is(err, "auth.slow") {
			t.Errorf("one too many: %v", err)
		}
		if err := begin(at("203.0.113.8")); err != nil {
			t.Errorf("from elsewhere: %v", err)
		}
		w.clock.Advance(15 * time.Minute)
		if err := begin(home); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}

// What goes out with a sign-in is another each time, none of it is in the database, and it holds for five minutes by
// the application's clock.
func TestProviderSecretsAreNotStored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := &vouches{person: idp.Person{Subject: "s", Email: "siti@kantor.test", Verified: true}}
		tn := w.lend(t, v, nil)
		begin := func() (auth.ProviderStep, idp.Attempt) {
			t.Helper()
			step, err := w.s.BeginProvider(t.Context(), tn, ourSite, "dukcapil", "", false, home)
			if err != nil {
				t.Fatal(err)
			}
			return step, v.went
		}
		step, first := begin()
		_, second := begin()
		seen := map[string]bool{step.Token: true}
		for _, s := range []string{first.State, first.Nonce, first.Verifier, second.State, second.Nonce, second.Verifier} {
			if len(s) != 43 || seen[s] {
				t.Errorf("%q", s)
			}
			seen[s] = true
		}
		type row struct {
			Hash []byte `bun:"token_hash"`
			Data string `bun:"data"`
		}
		var rows []row
		err := w.db.View(t.Context(), w.a.ID, func(ctx context.Context, tx *store.Tx) (err error) {
			rows, err = store.Query[row](ctx, tx, store.From{"challenges"}, "select token_hash, data from challenges")
			return err
		})
		if err != nil || len(rows) != 2 {
			t.Fatal(err, rows)
		}
		for s := range seen {
			if strings.Contains(fmt.Sprintf("%s %s", rows[0], rows[1]), s) {
				t.Errorf("the database has %q", s)
			}
		}
		// An answer is taken once, also from a browser that shows its cookie again.
		third, last := begin()
		for i, want := range []string{"", "auth.provider.again"} {
			if _, _, err := w.s.FinishProvider(t.Context(), tn, ourSite, "dukcapil", third.Token, idp.Answer{Code: "c", State: last.State}, home); err != nil && !fault.Is(err, want) || err == nil && want != "" {
				t.Errorf("%d: %v", i, err)
			}
		}
		w.clock.Advance(5 * time.Minute)
		if _, _, err := w.s.FinishProvider(t.Context(), tn, ourSite, "dukcapil", step.Token, idp.Answer{Code: "c", State: first.State}, home); !fault.Is(err, "auth.provider.again") {
			t.Errorf("after five minutes: %v", err)
		}
		// A session by a provider that does not say when it asked counts as not proven.
		s, err := w.byProvider(t, tn, v, home)
		if err != nil || !s.Actor.ProvedAt.IsZero() || s.Actor.Via != "dukcapil" {
			t.Errorf("%v %+v", err, s.Actor)
		}
		a, err := w.s.Resolve(t.Context(), tn, s.Token, auth.Cookie)
		if err != nil || !a.ProvedAt.IsZero() || a.Via != "dukcapil" {
			t.Errorf("%v %+v", err, a)
		}
	})
}
