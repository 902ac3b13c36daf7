package onboarding

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/catalogue"
	"github.com/pendopo-id/pendopo/tenants/fields"
)

// draftField is a field that somebody has changed and that is not applied yet. A value that is NULL takes the field
// away.
type draftField struct {
	bun.BaseModel `bun:"table:draft_fields,alias:draft_field"`
	store.Owned
	ID        id.ID     `bun:"id,pk"`
	Path      string    `bun:"path"`
	Value     seal.Box  `bun:"value"`
	Version   int64     `bun:"version"`
	ChangedBy id.ID     `bun:"changed_by"`
	ChangedAt time.Time `bun:"changed_at"`
}

// draftHead is a region's draft: its version moves with every save. Report is the last rehearsal's, as JSON.
type draftHead struct {
	bun.BaseModel `bun:"table:drafts,alias:draft"`
	store.Owned
	Version       int64     `bun:"version"`
	Report        string    `bun:"report"`
	ReportVersion int64     `bun:"report_version"`
	ReportAt      time.Time `bun:"report_at,nullzero"`
}

var fieldValue = seal.Declare[draftField]("value")

// staffList is where the people stand who are to be invited: a path each, its value a tenants.Person as JSON.
const staffList = "staff"

// Touch is who changed a field last, and when.
type Touch struct {
	By      id.ID
	At      time.Time
	Version int64
}

// Draft is what a region would be if what has been typed were applied now.
type Draft struct {
	Live    *tenants.Region // the manifest in force; of a region that is being prepared: one that declares nothing
	Fields  fields.Fields   // in force, with what has been changed
	Changed map[string]Touch
	Version int64
	Base    string // names the manifest in force
	Report  string // the last rehearsal's, as JSON
	Stale   bool   // something has changed since that rehearsal

	ReportAt time.Time

	staff []tenants.Person // those whom the manifest in force names, with what they hold now
}

// Change is one field to be changed: from what was shown to what was typed. An empty value takes it away.
type Change struct{ Path, Was, Value string }

// Outcome of a change.
type Outcome string

// The outcomes.
const (
	Saved    Outcome = "saved"
	Conflict Outcome = "conflict" // somebody else has changed it since: nothing was overwritten
	Gone     Outcome = "gone"     // what the field belongs to is not there any more
	Refused  Outcome = "refused"  // no value that this field can have
)

// Result tells how a change ended.
type Result struct {
	Path    string
	Outcome Outcome
	Value   string // what stands there now
	Problem string // Refused: the fault's code
	Touch
}

// load reads a draft.
func load(ctx context.Context, tx *store.Tx, t *tenant.Tenant) (*Draft, error) {
	live, err := tenant.DeclaredIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	if live == nil { // its keys have been destroyed
		return nil, fault.New(fault.NotFound, "not_found")
	}
	d := &Draft{Live: live, Fields: fields.Of(live), Changed: map[string]Touch{}, Base: baseOf(live), staff: live.Staff}
	heads, err := store.Select[draftHead](tx).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		d.Version, d.Report, d.ReportAt, d.Stale = h.Version, h.Report, h.ReportAt, h.ReportVersion != h.Version
	}
	rows, err := store.Select[draftField](tx).All(ctx)
	if err != nil || len(rows) == 0 {
		return d, err
	}
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		value, err := keys.Show(ctx, fieldValue, r.ID, r.Value)
		if err != nil {
			return nil, err
		}
		if value == "" {
			delete(d.Fields, r.Path)
		} else {
			d.Fields[r.Path] = value
		}
		d.Changed[r.Path] = Touch{r.ChangedBy, r.ChangedAt, r.Version}
	}
	return d, nil
}

// baseOf names a manifest, to see whether it is still the one in force. It is shown to nobody.
func baseOf(live *tenants.Region) string {
	text, err := json.Marshal(live)
	if err != nil {
		panic("onboarding: a manifest that was read cannot be written: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Draft reads what has been typed so far.
func (s *Service) Draft(ctx context.Context, t *tenant.Tenant) (d *Draft, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		d, err = load(ctx, tx, t)
		return err
	})
	return d, err
}

// Whole is Draft with the people whom the manifest names as they stand now, for what is checked, planned and applied: what
// was taken away on the page of accounts does not come back by an apply.
func (s *Service) Whole(ctx context.Context, t *tenant.Tenant) (*Draft, error) {
	d, err := s.Draft(ctx, t)
	if err != nil || len(d.Live.Staff) == 0 {
		return d, err
	}
	current, _, err := s.opt.Provisioner.Current(ctx, t.Code)
	if err != nil || current == nil {
		return d, err
	}
	named := map[string]bool{}
	for _, p := range d.Live.Staff {
		named[seal.Email(p.Email)] = true
	}
	d.staff = nil
	for _, p := range current.Staff {
		if named[seal.Email(p.Email)] {
			d.staff = append(d.staff, p)
		}
	}
	return d, nil
}

// maxFields bounds a draft: more than the largest region has, with room.
const maxFields = 20_000

// Save changes fields, each by itself: what somebody else has changed since it was shown is a Conflict and stays. The
// results come in the order of the changes. A value comes as it was typed and is stored in the form that the manifest
// has. Faults: "onboarding.full" (422).
func (s *Service) Save(ctx context.Context, t *tenant.Tenant, by *authz.Actor, changes []Change) (out []Result, version int64, err error) {
	paid := Limits{NewVenues: true, Branding: true}
	if slices.ContainsFunc(changes, func(c Change) bool { return limited(c.Path) }) {
		if paid, err = s.limits(ctx, t); err != nil {
			return nil, 0, err
		}
	}
	err = s.edit(ctx, t, by, func(d *Draft, e *editor) error {
		out = nil
		e.paid = paid
		for _, c := range changes {
			out = append(out, e.change(d, c))
		}
		return nil
	}, &version)
	return out, version, err
}

// edit runs what changes a draft, one at a time in a region.
func (s *Service) edit(ctx context.Context, t *tenant.Tenant, by *authz.Actor, fn func(*Draft, *editor) error, version *int64) error {
	return s.editIn(ctx, t, by, func(_ context.Context, _ *store.Tx, d *Draft, e *editor) error { return fn(d, e) }, version)
}

// editIn is edit for what reads more of the region than its draft.
func (s *Service) editIn(ctx context.Context, t *tenant.Tenant, by *authz.Actor, fn func(context.Context, *store.Tx, *Draft, *editor) error, version *int64) error {
	return s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := lockHead(ctx, tx); err != nil {
			return err
		}
		d, err := load(ctx, tx, t)
		if err != nil {
			return err
		}
		e := s.editing(d)
		e.tx, e.by, e.t = tx, by, t
		if err := fn(ctx, tx, d, e); err != nil {
			return err
		}
		e.giveBack(d)
		if len(d.Fields) > maxFields {
			return fault.New(fault.Invalid, "onboarding.full")
		}
		*version = d.Version
		paths := e.changed(d)
		if len(paths) == 0 {
			return nil
		}
		*version = d.Version + 1
		if err := e.write(ctx, tx, d, by, *version, paths); err != nil {
			return err
		}
		if _, err := store.Update[draftHead](tx).Set("version = ?", *version).Where("true").Exec(ctx); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: by.String(), Action: "onboarding:draft:save", Target: "tenant:" + t.Code, Data: savedData{told(paths)}})
		return nil
	})
}

// savedData names what was changed, and not what it says.
type savedData struct {
	Fields []string `json:"fields"`
}

// told bounds a record. People have no name in it: their paths are identifiers.
func told(paths []string) []string {
	const most = 50
	if len(paths) > most {
		return append(slices.Clone(paths[:most]), "…")
	}
	return paths
}

// lockHead makes whoever saves wait for whoever is saving.
func lockHead(ctx context.Context, tx *store.Tx) error {
	if _, err := store.InsertNew(ctx, tx, &draftHead{}); err != nil {
		return err
	}
	_, err := store.Update[draftHead](tx).Set("version = version").Where("true").Exec(ctx)
	return err
}

// editor changes a draft in memory and knows what to write.
type editor struct {
	tx      *store.Tx
	by      *authz.Actor
	t       *tenant.Tenant
	before  fields.Fields // as they were stored
	live    fields.Fields
	touched map[string]bool
	cat     *catalogue.Catalogue

	paid     Limits   // for changes of single fields
	borrowed []string // standards that were made the region's own, to change a part
}

func (s *Service) editing(d *Draft) *editor {
	return &editor{before: maps.Clone(d.Fields), live: fields.Of(d.Live), touched: map[string]bool{}, cat: s.cat}
}

// change applies one change, or tells why not.
func (e *editor) change(d *Draft, c Change) Result {
	e.materialise(d, c.Path)
	now := d.Fields[c.Path]
	res := Result{Path: c.Path, Outcome: Saved, Value: now, Touch: d.Changed[c.Path]}
	value, problem := normal(c.Path, c.Value)
	if problem != "" {
		res.Outcome, res.Problem = Refused, problem
		return res
	}
	stored, _ := normal(c.Path, now) // a folder may have written it in another form
	if value == now || value == stored {
		return res
	}
	for _, holder := range fields.Holders(c.Path) {
		if holder != c.Path && d.Fields[holder] == "" {
			res.Outcome, res.Touch = Gone, d.Changed[holder]
			return res
		}
	}
	// What was shown may be in another form than what is stored; compared is what it means.
	if was, bad := normal(c.Path, c.Was); bad != "" || was != now && was != stored {
		res.Outcome = Conflict
		return res
	}
	if problem := e.paid.heldBack(e, d, c.Path, value); problem != "" {
		res.Outcome, res.Problem = Refused, problem
		return res
	}
	e.set(d, c.Path, value)
	res.Value = value
	return res
}

// materialise makes a service's standard the region's own before a part of it is changed: a manifest replaces the
// catalogue's as a whole. If nothing changes then, nothing of it is written.
func (e *editor) materialise(d *Draft, at string) {
	service, _, ok := strings.Cut(at, "/standard/")
	if !ok || d.Fields[service] == "" || len(d.Fields.Under(service+"/standard")) > 0 {
		return
	}
	for path, value := range standardOf(e.cat, service) {
		d.Fields[path] = value
		e.touched[path] = true
	}
	e.borrowed = append(e.borrowed, service+"/standard")
}

// giveBack takes away the standards that were made the region's own and in which nothing was changed.
func (e *editor) giveBack(d *Draft) {
	for _, at := range e.borrowed {
		theirs := standardOf(e.cat, strings.TrimSuffix(at, "/standard"))
		mine := d.Fields.Under(at)
		if len(mine) == len(theirs) && !slices.ContainsFunc(mine, func(p string) bool { return d.Fields[p] != theirs[p] }) {
			for _, p := range mine {
				delete(d.Fields, p)
			}
		}
	}
}

// standardOf is the catalogue's standard of a service, by the service's path.
func standardOf(cat *catalogue.Catalogue, service string) fields.Fields {
	parts := strings.Split(service, "/")
	if len(parts) != 4 {
		return nil
	}
	known, ok := cat.Service(parts[1], parts[3])
	if !ok {
		return nil
	}
	return fields.OfStandard(service, known.Standard)
}

// set puts a value, without asking what was there. A thing that goes takes everything with it that stands in it.
func (e *editor) set(d *Draft, path, value string) {
	if d.Fields[path] == value {
		return
	}
	e.touched[path] = true
	if value != "" {
		d.Fields[path] = value
		return
	}
	for _, p := range d.Fields.Under(path) {
		e.touched[p] = true
		delete(d.Fields, p)
	}
}

// changed are the paths that are to be written.
func (e *editor) changed(d *Draft) (out []string) {
	for path := range e.touched {
		if d.Fields[path] != e.before[path] {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

func (e *editor) write(ctx context.Context, tx *store.Tx, d *Draft, by *authz.Actor, version int64, paths []string) error {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	rows := make([]*draftField, 0, len(paths))
	for _, path := range paths {
		row := &draftField{ID: id.Named(tx.Tenant(), "draft/"+path), Path: path, Version: version, ChangedBy: by.UserID, ChangedAt: tx.Now()}
		if value := d.Fields[path]; value != "" {
			if row.Value, err = keys.Seal(fieldValue, row.ID, value); err != nil {
				return err
			}
		}
		rows = append(rows, row)
		d.Changed[path] = Touch{by.UserID, tx.Now(), version}
	}
	return store.Upsert(ctx, tx, rows...)
}

// Since are the fields that others have changed after a version, for a page that stays open: it asks again and again, so
// nothing else is read. Values that are gone are empty.
func (s *Service) Since(ctx context.Context, t *tenant.Tenant, me *authz.Actor, version int64) (now int64, out map[string]Touch, values fields.Fields, err error) {
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		now, out, values = version, map[string]Touch{}, fields.Fields{}
		rows, err := store.Select[draftField](tx).Where("version > ? and path not like ?", version, staffList+"/%").All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if now = max(now, r.Version); r.ChangedBy == me.UserID {
				continue
			}
			if values[r.Path], err = keys.Show(ctx, fieldValue, r.ID, r.Value); err != nil {
				return err
			}
			out[r.Path] = Touch{r.ChangedBy, r.ChangedAt, r.Version}
		}
		return nil
	})
	return now, out, values, err
}

// Discard takes back everything that is not applied yet.
func (s *Service) Discard(ctx context.Context, t *tenant.Tenant, by *authz.Actor) error {
	return s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := lockHead(ctx, tx); err != nil {
			return err
		}
		n, err := store.Delete[draftField](ctx, tx, "path <> ''")
		if err != nil || n == 0 {
			return err
		}
		if _, err := store.Update[draftHead](tx).Set("version = version + 1").Where("true").Exec(ctx); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: by.String(), Action: "onboarding:draft:discard", Target: "tenant:" + t.Code, Data: discardData{n}})
		return nil
	})
}

// exported records that somebody took the manifest away, with the people in it.
func (s *Service) exported(ctx context.Context, t *tenant.Tenant, by *authz.Actor) error {
	return s.db.In(ctx, t.ID, func(_ context.Context, tx *store.Tx) error {
		tx.Audit(store.Record{Actor: by.String(), Action: "onboarding:manifest:export", Target: "tenant:" + t.Code})
		return nil
	})
}

type discardData struct {
	Fields int `json:"fields"`
}

// names are what people are called who have changed something, by their identifier.
func (s *Service) names(ctx context.Context, t *tenant.Tenant, d *Draft) (out map[id.ID]string, err error) {
	out = map[id.ID]string{}
	for _, touch := range d.Changed {
		out[touch.By] = ""
	}
	if len(out) == 0 {
		return out, nil
	}
	err = s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		users, err := store.Select[tenant.User](tx).Where("id in ?", bun.Tuple(slices.Collect(maps.Keys(out)))).All(ctx)
		for _, u := range users {
			if out[u.ID], _, err = u.Open(ctx, keys); err != nil {
				return err
			}
		}
		return err
	})
	return out, err
}

// Models are this package's tables.
var Models = store.Models{(*draftField)(nil), (*draftHead)(nil), (*claim)(nil)}
