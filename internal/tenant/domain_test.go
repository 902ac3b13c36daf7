package tenant_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

// zone is a name server's TXT records.
type zone map[string][]string

var errDown = errors.New("connection refused")

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if z == nil {
		return nil, errDown
	}
	if v, ok := z[name]; ok {
		return v, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func TestWhatADomainMayBeCalled(t *testing.T) {
	for text, want := range map[string]string{
		"mpp.bangka.go.id": "mpp.bangka.go.id", " MPP.Bangka.GO.id. ": "mpp.bangka.go.id", "bangka.go.id": "bangka.go.id", "mpp-bangka.com": "mpp-bangka.com",
		"mpp.müller.de": "mpp.xn--mller-kva.de",
	} {
		if got, err := tenant.DomainHost(text, "pendopo.id"); got != want || err != nil {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for _, text := range []string{"", "bangka", "go.id", "id", "https://mpp.bangka.go.id", "mpp.bangka.go.id/x", "mpp.bangka.go.id:8080", "10.0.0.1", "[::1]", "::1", "*.bangka.go.id", "a b.go.id", "mpp..go.id", "localhost"} {
		if got, err := tenant.DomainHost(text, "pendopo.id"); !errors.Is(err, tenant.ErrDomainName) {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for _, text := range []string{"pendopo.id", "bangka.pendopo.id", "x.y.pendopo.id", "PENDOPO.id."} {
		if _, err := tenant.DomainHost(text, "pendopo.id"); !errors.Is(err, tenant.ErrDomainOurs) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A host is served for a region once its name server has shown that region's proof, and not before; another
// region's proof, an old one, and none are worth nothing.
func TestADomainIsBoundByItsProof(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		ctx, host := t.Context(), "mpp.bangka.go.id"
		ra, rb := testkit.Two(t, db)
		prov := &tenant.Provisioner{DB: db}
		reg := tenant.NewRegistry(db, "localhost", nil)
		row := func(r *testkit.Region) tenant.Row {
			row, _, err := prov.Find(ctx, r.Code)
			if err != nil {
				t.Fatal(err)
			}
			return *row
		}
		a, b := row(ra), row(rb)
		servedFor := func() string {
			if err := reg.Refresh(ctx); err != nil {
				t.Fatal(err)
			}
			if got, ok := reg.ByHost(host); ok {
				return got.Code
			}
			return ""
		}
		must := func(err, want error) {
			t.Helper()
			if !errors.Is(err, want) || (want == nil) != (err == nil) {
				t.Fatalf("got %v, want %v", err, want)
			}
		}
		prove := func(z zone, r tenant.Row) error {
			_, err := prov.ProveDomain(ctx, z, r, host, "system:test")
			return err
		}
		record := func(ds ...tenant.Domain) zone {
			z := zone{"_pendopo." + host + ".": {"v=spf1 -all"}}
			for _, d := range ds {
				_, value := d.Record()
				z["_pendopo."+host+"."] = append(z["_pendopo."+host+"."], value)
			}
			return z
		}
		must(prove(record(), a), tenant.ErrNoDomain)
		da, err := prov.AskDomain(ctx, a, host, "system:test")
		must(err, nil)
		again, err := prov.AskDomain(ctx, a, host, "system:test")
		must(err, nil)
		db2, err := prov.AskDomain(ctx, b, host, "system:test")
		must(err, nil)
		if again.Token != da.Token || db2.Token == da.Token || len(da.Token) < 20 {
			t.Errorf("tokens %q, again %q, of the other region %q", da.Token, again.Token, db2.Token)
		}
		must(prove(zone{}, a), tenant.ErrDomainProof)
		must(prove(record(db2), a), tenant.ErrDomainProof) // the other region's
		must(prove(nil, a), tenant.ErrDomainLookup)
		if got := servedFor(); got != "" {
			t.Errorf("served for %q without a proof", got)
		}
		must(prove(record(da), a), nil)
		must(prove(record(da), a), nil) // again changes nothing
		if got := servedFor(); got != a.Code {
			t.Errorf("proved by %s, served for %q", a.Code, got)
		}
		// The other region's turn only when the first one's proof has gone.
		must(prove(record(da, db2), b), tenant.ErrDomainTaken)
		if got := servedFor(); got != a.Code {
			t.Errorf("served for %q", got)
		}
		must(prove(record(db2), b), nil)
		if got := servedFor(); got != b.Code {
			t.Errorf("handed over to %s, served for %q", b.Code, got)
		}
		// What was given back needs a new proof.
		must(prov.DropDomain(ctx, b, host, "system:test"), nil)
		must(prov.DropDomain(ctx, b, host, "system:test"), tenant.ErrNoDomain)
		if got := servedFor(); got != "" {
			t.Errorf("given back, served for %q", got)
		}
		must(prove(record(db2), b), tenant.ErrNoDomain)
		fresh, err := prov.AskDomain(ctx, b, host, "system:test")
		must(err, nil)
		must(prove(record(db2), b), tenant.ErrDomainProof)
		must(prove(record(fresh), b), nil)
		if stands, err := tenant.StillProved(ctx, record(fresh), fresh); !stands || err != nil {
			t.Error("the proof stands", stands, err)
		}
		if stands, err := tenant.StillProved(ctx, record(), fresh); stands || err != nil {
			t.Error("the proof has gone", stands, err)
		}
	})
}

// Two regions prove one host at the same moment, both records showing: one has it.
func TestTwoRegionsProveOneHostAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB) {
		const host = "mpp.bersama.go.id"
		prov := &tenant.Provisioner{DB: db}
		z := zone{}
		var rows []tenant.Row
		ra, rb := testkit.Two(t, db)
		for _, r := range []*testkit.Region{ra, rb} {
			row, _, err := prov.Find(t.Context(), r.Code)
			if err != nil {
				t.Fatal(err)
			}
			d, err := prov.AskDomain(t.Context(), *row, host, "system:test")
			if err != nil {
				t.Fatal(err)
			}
			name, value := d.Record()
			z[name+"."] = append(z[name+"."], value)
			rows = append(rows, *row)
		}
		errs := make([]error, len(rows))
		var wg sync.WaitGroup
		for i, r := range rows {
			wg.Go(func() { _, errs[i] = prov.ProveDomain(t.Context(), z, r, host, "system:test") })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), tenant.ErrDomainTaken) {
			t.Errorf("%v", errs)
		}
	})
}
