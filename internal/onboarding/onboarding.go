// Package onboarding is how a region comes here and how it is changed later: somebody claims it on the bare domain, the
// province's Biro Organisasi confirms them, and then the region's own people set it up, screen by screen, several at
// once. What they type is a draft of the manifest that package tenants holds; applied, it is what "pendopo tenant apply"
// would have made of a folder, and it is exported as one.
package onboarding

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/fields"
)

var (
	permEdit = authz.Declare("onboarding:draft:edit",
		"Menyiapkan dan mengubah lokasi, instansi, layanan, loket, dan tampilan daerah", "Set up and change the region's venues, agencies, services, counters and look")
	permOpen = authz.Declare("onboarding:region:apply",
		"Membuka daerah untuk umum dan menerapkan perubahan pengaturannya", "Open the region to the public and apply changes of its set-up")
	permClaims = authz.Declare("onboarding:claim:decide",
		"Mengonfirmasi siapa yang menyiapkan sebuah daerah", "Confirm who sets a region up")
)

// Registry knows which regions are here; tenant.Registry is one.
type Registry interface {
	ByCode(code string) (*tenant.Tenant, bool)
	Platform() (*tenant.Tenant, bool)
	Refresh(ctx context.Context) error
}

// Letters are what is written to people; package app knows how.
type Letters interface {
	// Invite sends somebody of the transaction's tenant a link by which they choose a password.
	Invite(ctx context.Context, tx *store.Tx, user id.ID, actor string) error
	// Claim writes to who claims a region, by the kind of the letter.
	Claim(ctx context.Context, tx *store.Tx, claim id.ID, kind string) error
	// Waiting tells somebody of the platform's that a claim waits for them.
	Waiting(ctx context.Context, tx *store.Tx, user id.ID, region string) error
}

// Rehearsal plays a day of a region on a copy that is thrown away; package app knows how.
type Rehearsal interface {
	// Run gives the report as text to keep. Its faults are shown as they are.
	Run(ctx context.Context, region *tenants.Region, visitors int) (report string, err error)
	// Say puts a kept report into words.
	Say(report string, p *i18n.Printer) (Rehearsed, error)
}

// Rehearsed is a rehearsal's report in words.
type Rehearsed struct {
	Summary  []string
	Findings []Finding
	Lines    []LineRow
}

// Finding is one thing that the day showed, with what to do about it.
type Finding struct {
	Kind ui.Kind
	Text string
}

// LineRow is a series on that day: its name, visitors, waiting of half and of nine in ten, the longest line.
type LineRow struct{ Name, Visitors, P50, P90, Most string }

// Options of New.
type Options struct {
	Rehearsal   Rehearsal
	Provisioner *tenant.Provisioner
	Letters     Letters
	Log         *slog.Logger
	LimitsOff   bool
	// Officials are the domains under which an official e-mail address is: "go.id". Empty: any address is taken, and
	// whoever confirms sees it.
	Officials []string
	// Allowed tells what a region may set up by what is paid; nil: everything.
	Allowed func(ctx context.Context, t *tenant.Tenant) (Limits, error)
}

// Service keeps drafts and claims.
type Service struct {
	db  *store.DB
	reg Registry
	cat *catalogue.Catalogue
	opt Options
}

// New makes a service.
func New(db *store.DB, reg Registry, opt Options) *Service {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{db, reg, catalogue.Default(), opt}
}

// Region is what the draft would be as a manifest, with the people who are to be invited; wrong are fields that cannot
// be read.
func (d *Draft) Region() (region *tenants.Region, wrong []fields.Problem) {
	region, wrong = fields.Build(d.Live, d.Fields)
	region.Staff = slices.Concat(d.staff, d.people())
	return region, wrong
}

// Trouble is something that stands between a draft and its being applied.
type Trouble struct {
	Path    string // as fields has it, or as much of it as is known
	Text    string
	TextEN  string
	Warning bool
}

// Check tells what is wrong with a draft.
func (s *Service) Check(d *Draft) []Trouble {
	_, out := s.checked(d)
	return out
}

// checked is the region that a draft's files would be read as, which is what is planned and applied; nil where
// something is wrong.
func (s *Service) checked(d *Draft) (read *tenants.Region, out []Trouble) {
	region, wrong := d.Region()
	for _, w := range wrong {
		out = append(out, Trouble{Path: w.Path, Text: "tidak dapat dibaca: " + w.Value, TextEN: "cannot be read: " + w.Value})
	}
	read, problems := tenants.Check(region, s.cat)
	for _, p := range problems {
		out = append(out, Trouble{tenants.Where(region, p), p.Message, p.MessageEN, p.Warning})
	}
	if len(wrong) > 0 {
		read = nil
	}
	return read, out
}

// blocked tells whether there is more than warnings.
func blocked(all []Trouble) bool {
	return slices.ContainsFunc(all, func(t Trouble) bool { return !t.Warning })
}

// Plan is what applying the draft would do.
func (s *Service) Plan(ctx context.Context, d *Draft) (tenant.Planned, error) {
	region, _ := s.checked(d)
	if region == nil {
		return tenant.Planned{}, fault.New(fault.Invalid, "onboarding.wrong")
	}
	return s.opt.Provisioner.Plan(ctx, region)
}

// Apply makes the draft what is in force: a region that is being prepared opens to the public. Who is new is invited.
// What is typed meanwhile stays a draft. version and base are those of the draft that was looked at. Faults:
// "onboarding.wrong" (422), "onboarding.moved" (409: the draft, or what is in force, is another by now),
// "onboarding.waiting" (409: people wait where something would be taken away), "onboarding.not_yours" (403).
func (s *Service) Apply(ctx context.Context, t *tenant.Tenant, by *authz.Actor, version int64, base string) (tenant.Result, error) {
	moved := func() error { return fault.New(fault.Conflict, "onboarding.moved") }
	d, err := s.Whole(ctx, t)
	if err != nil {
		return tenant.Result{}, err
	}
	if d.Version != version || d.Base != base {
		return tenant.Result{}, moved()
	}
	region, _ := s.checked(d)
	if region == nil {
		return tenant.Result{}, fault.New(fault.Invalid, "onboarding.wrong")
	}
	for _, p := range d.people() {
		if err := mayGive(by, t, p); err != nil {
			return tenant.Result{}, err
		}
	}
	taken := func(ctx context.Context, tx *store.Tx) error {
		if err := lockHead(ctx, tx); err != nil {
			return err
		}
		head, err := store.Select[draftHead](tx).One(ctx)
		if err != nil {
			return err
		}
		if head.Version != version { // somebody has typed on, or taken all back
			return moved()
		}
		_, err = store.Delete[draftField](ctx, tx, "version <= ?", version)
		return err
	}
	res, err := s.opt.Provisioner.Apply(ctx, region, tenant.Options{
		Actor: by.String(), Demo: t.Demo, Was: d.Live,
		Then: func(ctx context.Context, tx *store.Tx, added []tenant.Account) error {
			if err := taken(ctx, tx); err != nil {
				return err
			}
			for _, a := range added {
				if err := s.opt.Letters.Invite(ctx, tx, a.User, by.String()); err != nil {
					return err
				}
			}
			return nil
		},
	})
	stranded := (*tenant.StrandedError)(nil)
	switch {
	case errors.As(err, &stranded):
		return res, fault.Wrap(err, fault.Conflict, "onboarding.waiting")
	case fault.Is(err, tenant.CodeMoved):
		return res, moved()
	case err != nil:
		return res, err
	case len(res.Changes) == 0: // nothing was written: the draft said nothing new
		return res, s.db.In(ctx, t.ID, taken)
	}
	return res, s.reg.Refresh(ctx)
}
