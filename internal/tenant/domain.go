package tenant

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/pendopo-id/pendopo/internal/store"
)

// States of a region's own domain.
const (
	DomainAsked   = "asked"   // waits for its proof
	DomainBound   = "bound"   // proved, and served
	DomainDropped = "dropped" // given back
)

// Domain is a host of its own that a region asks for, beside its host under the bare domain.
type Domain struct {
	bun.BaseModel `bun:"table:domains,alias:domain"`
	store.Shared
	Code     string    `bun:"region_code,pk"`
	Host     string    `bun:"host,pk"` // as DNS writes it, in lower case: "mpp.bangka.go.id"
	Token    string    `bun:"token"`   // no secret: it stands in the DNS
	State    string    `bun:"state"`
	AskedAt  time.Time `bun:"asked_at"`
	ProvedAt time.Time `bun:"proved_at,nullzero"`
}

// Record is the TXT record that proves the domain: its name and its value.
func (d Domain) Record() (name, value string) {
	return "_pendopo." + d.Host, "pendopo-domain=" + d.Token
}

// TXT looks TXT records up; net.Resolver is one.
type TXT interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// NameServer asks one server, "9.9.9.9:53", instead of the machine's; "" is the machine's.
func NameServer(address string) TXT {
	if address == "" {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}}
}

// What can be wrong with a domain.
var (
	ErrDomainName   = errors.New("tenant: no host name of a registrable domain")
	ErrDomainOurs   = errors.New("tenant: a host under the bare domain")
	ErrDomainProof  = errors.New("tenant: the record that proves the domain is not there")
	ErrDomainLookup = errors.New("tenant: the name server did not answer")
	ErrDomainTaken  = errors.New("tenant: another region has the domain, and its proof stands")
	ErrNoDomain     = errors.New("tenant: the region has not asked for that domain")
)

// lookupTime bounds how long a name server may take.
const lookupTime = 10 * time.Second

// DomainHost reads a host name as people write it: without scheme, port or path, in lower case, in the ASCII
// form of RFC 5891. It must lie in a domain that can be registered, so "go.id" is none and neither is an address.
// A host under the bare domain is refused: there each region has its own, and no other.
func DomainHost(text, bare string) (string, error) {
	host, err := idna.Lookup.ToASCII(strings.TrimSuffix(strings.TrimSpace(strings.ToLower(text)), "."))
	if err != nil || net.ParseIP(host) != nil || len(host) > 240 || !strings.Contains(host, ".") {
		return "", ErrDomainName
	}
	if host == bare || strings.HasSuffix(host, "."+bare) {
		return "", ErrDomainOurs
	}
	if _, err := publicsuffix.EffectiveTLDPlusOne(host); err != nil {
		return "", ErrDomainName
	}
	return host, nil
}

// Domains are the domains that a region has asked for and not given back, by host. An empty code means all regions.
func (p *Provisioner) Domains(ctx context.Context, code string) (out []Domain, err error) {
	err = p.DB.SystemView(ctx, func(ctx context.Context, s *store.SysTx) error {
		rows, err := store.SysSelect[Domain](ctx, s, "(region_code = ? or ? = '') and state <> ?", code, code, DomainDropped)
		out = rows
		return err
	})
	slices.SortFunc(out, func(a, b Domain) int { return strings.Compare(a.Host+" "+a.Code, b.Host+" "+b.Code) })
	return out, err
}

// AskDomain notes that a region wants a host, as DomainHost gives it. Asked again it gives the same token; asked
// for anew after it was given back, another one.
func (p *Provisioner) AskDomain(ctx context.Context, row Row, host, actor string) (d Domain, err error) {
	err = p.changeDomain(ctx, row, host, func(ctx context.Context, s *store.SysTx, tx *store.Tx, have *Domain) error {
		if have != nil && have.State != DomainDropped {
			d = *have
			return nil
		}
		d = Domain{Code: row.Code, Host: host, Token: strings.ToLower(rand.Text()), State: DomainAsked, AskedAt: tx.Now()}
		recordDomain(tx, actor, d, "")
		if have == nil {
			return store.SysInsert(ctx, s, &d)
		}
		_, err := store.SysUpdate[Domain](ctx, s, "token = ?, state = ?, asked_at = ?, proved_at = null", []any{d.Token, d.State, d.AskedAt}, "region_code = ? and host = ?", d.Code, d.Host)
		return err
	})
	return d, err
}

// ProveDomain looks for the proof, and binds the host to the region: it is served in every process within
// seconds. A host that is bound to another region goes over when its name server shows this region's record and
// not the other's any more. Errors: ErrNoDomain, ErrDomainProof, ErrDomainTaken, ErrDomainLookup.
func (p *Provisioner) ProveDomain(ctx context.Context, dns TXT, row Row, host, actor string) (d Domain, err error) {
	all, err := p.Domains(ctx, "")
	if err != nil {
		return d, err
	}
	at := slices.IndexFunc(all, func(x Domain) bool { return x.Code == row.Code && x.Host == host })
	if at < 0 {
		return d, ErrNoDomain
	}
	d = all[at]
	// The answer is looked for outside the transaction: a name server may take its time.
	shown, err := shownBy(ctx, dns, host)
	if err != nil {
		return d, err
	}
	if !shown.has(d) {
		return d, ErrDomainProof
	}
	for _, x := range all {
		if x.Host != host || x.Code == row.Code || x.State != DomainBound {
			continue
		}
		if shown.has(x) {
			return d, ErrDomainTaken
		}
		other, _, err := p.Find(ctx, x.Code)
		if err != nil {
			return d, err
		}
		if err := p.DropDomain(ctx, *other, host, actor); err != nil {
			return d, err
		}
	}
	asked := d
	err = p.changeDomain(ctx, row, host, func(ctx context.Context, s *store.SysTx, tx *store.Tx, have *Domain) error {
		switch {
		case have == nil || have.State == DomainDropped || have.Token != asked.Token:
			return ErrNoDomain // given back, or asked for anew, in the meantime
		case have.State == DomainBound:
			d = *have
			return nil
		}
		// Two that prove one host at the same moment: they wait for each other at the list's version.
		if _, err := bump(ctx, s); err != nil {
			return err
		}
		bound, err := store.SysSelect[Domain](ctx, s, "host = ? and state = ?", host, DomainBound)
		if err != nil {
			return err
		}
		if len(bound) > 0 {
			return ErrDomainTaken
		}
		d = *have
		d.State, d.ProvedAt = DomainBound, tx.Now()
		recordDomain(tx, actor, d, have.State)
		_, err = store.SysUpdate[Domain](ctx, s, "state = ?, proved_at = ?", []any{d.State, d.ProvedAt}, "region_code = ? and host = ?", d.Code, d.Host)
		return err
	})
	return d, err
}

// DropDomain gives a host back: it is not served any more within seconds. The error is ErrNoDomain.
func (p *Provisioner) DropDomain(ctx context.Context, row Row, host, actor string) error {
	return p.changeDomain(ctx, row, host, func(ctx context.Context, s *store.SysTx, tx *store.Tx, have *Domain) error {
		if have == nil || have.State == DomainDropped {
			return ErrNoDomain
		}
		if _, err := bump(ctx, s); err != nil {
			return err
		}
		was := have.State
		have.State = DomainDropped
		recordDomain(tx, actor, *have, was)
		_, err := store.SysUpdate[Domain](ctx, s, "state = ?", []any{DomainDropped}, "region_code = ? and host = ?", row.Code, host)
		return err
	})
}

// StillProved tells whether a bound domain's name server still shows the proof. The error is ErrDomainLookup.
func StillProved(ctx context.Context, dns TXT, d Domain) (bool, error) {
	shown, err := shownBy(ctx, dns, d.Host)
	return shown.has(d), err
}

func (p *Provisioner) changeDomain(ctx context.Context, row Row, host string, do func(context.Context, *store.SysTx, *store.Tx, *Domain) error) error {
	return p.DB.Provision(ctx, "domain of "+row.Code, row.ID, func(ctx context.Context, s *store.SysTx, tx *store.Tx) error {
		rows, err := store.SysSelect[Domain](ctx, s, "region_code = ? and host = ?", row.Code, host)
		if err != nil {
			return err
		}
		var have *Domain
		if len(rows) > 0 {
			have = &rows[0]
		}
		return do(ctx, s, tx, have)
	})
}

type domainState struct {
	Host  string `json:"host"`
	State string `json:"state"`
}

func recordDomain(tx *store.Tx, actor string, d Domain, was string) {
	r := store.Record{Actor: actor, Action: "tenant:domain:change", Target: "tenant:" + d.Code, After: domainState{d.Host, d.State}}
	if was != "" {
		r.Before = domainState{d.Host, was}
	}
	tx.Audit(r)
}

// shown are the values that a host's name server shows.
type shown []string

func shownBy(ctx context.Context, dns TXT, host string) (shown, error) {
	ctx, stop := context.WithTimeout(ctx, lookupTime)
	defer stop()
	name, _ := Domain{Host: host}.Record()
	values, err := dns.LookupTXT(ctx, name+".")
	var none *net.DNSError
	switch {
	case errors.As(err, &none) && none.IsNotFound:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDomainLookup, err)
	}
	return values, nil
}

func (s shown) has(d Domain) bool {
	_, want := d.Record()
	return slices.ContainsFunc(s, func(v string) bool {
		return subtle.ConstantTimeCompare([]byte(strings.TrimSpace(v)), []byte(want)) == 1
	})
}
