package queue

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// What the front desk may do, beside putting absent tickets back (noshow.go).
var (
	permFind   = authz.Declare("queue:ticket:find", "Mencari nomor hari ini dan melihat semua antrean di meja depan", "Find today's tickets and see all queues at the front desk")
	permIssue  = authz.Declare("queue:ticket:issue", "Memberi nomor antrean di meja depan", "Issue tickets at the front desk")
	permCancel = authz.Declare("queue:ticket:cancel", "Membatalkan nomor atas permintaan pemegang nomor", "Cancel tickets at the person's request")
)

// CancelFor gives a person's place back for them. Faults: "not_found", "authz.forbidden", "queue.illegal_move".
func (h *Hall) CancelFor(ctx context.Context, t *tenant.Tenant, a *authz.Actor, ticketID id.ID) (Place, error) {
	p, err := h.Place(ctx, t, ticketID)
	if err != nil {
		return Place{}, err
	}
	switch {
	case !a.Can(permCancel, AgencyScope(t, p.Series.Agency)):
		return Place{}, fault.New(fault.Forbidden, "authz.forbidden")
	case p.Status != Cancelled && dayIsOver(p, t.Today(h.db.Now())):
		return Place{}, past.refuse(Cancel)
	}
	if err := h.move(ctx, t, ticketID, p.Counter, change{Cancel, ByDesk, a.String()}); err != nil {
		return Place{}, err
	}
	return h.Place(ctx, t, ticketID)
}

// wanted is what somebody looks for: a number, a code, or both where the text may be either.
type wanted struct {
	Prefix string // "A"; empty: any series
	Number int64  // 0: no number
	Code   string // "KB7-4QX"; empty: no code
	ID     id.ID  // of an address that was scanned
}

var (
	numberForm  = regexp.MustCompile(`^([A-Z]{0,3})0*([0-9]{1,9})$`)
	codeForm    = regexp.MustCompile(`^[` + codeSigns + `]{6}$`)
	addressForm = regexp.MustCompile(`/antrean/([0-9a-f-]{36})(?:[/?#].*)?$`)
)

// parseWanted reads what people type or scan: "A-027", "a27", "27", "KB7-4QX", "kb74qx", or a ticket's address, which
// is what a hand scanner makes of its QR code. ok is false for anything else.
func parseWanted(text string) (w wanted, ok bool) {
	if m := addressForm.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		var err error
		w.ID, err = id.Parse(m[1])
		return w, err == nil && !w.ID.IsZero()
	}
	plain := strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == '–' || r == '.' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, text))
	if m := numberForm.FindStringSubmatch(plain); m != nil {
		w.Prefix = m[1]
		w.Number, _ = strconv.ParseInt(m[2], 10, 64) // nine digits fit
	}
	if codeForm.MatchString(plain) {
		w.Code = plain[:3] + "-" + plain[3:]
	}
	return w, w.Number > 0 || w.Code != ""
}

// foundMost is how many tickets a search gives. A number alone may stand in every series.
const foundMost = 40

// find looks among today's tickets, in the order of their series. A ticket that was scanned is found on any day.
func (h *Hall) find(ctx context.Context, t *tenant.Tenant, w wanted) ([]Place, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	var rows []Ticket
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if !w.ID.IsZero() {
			rows, err = store.Select[Ticket](tx).Where("id = ?", w.ID).All(ctx)
			return err
		}
		ids, err := coded(ctx, tx, t, w)
		if err != nil {
			return err
		}
		// The series come first, so that both databases go by the index of a series' day.
		rows, err = store.Query[Ticket](ctx, tx, store.From{"tickets", "series"}, `
			select t.* from series s join tickets t on t.tenant_id = s.tenant_id and t.series_id = s.id and t.day = ?
			where t.number = ? and (? = '' or s.prefix = ?) or t.id in (?)
			order by s.prefix, t.number, t.id limit ?`, t.Today(tx.Now()), w.Number, w.Prefix, w.Prefix, bun.List(ids), foundMost)
		return err
	})
	out := make([]Place, len(rows))
	for i, r := range rows {
		out[i] = place(dir, r, 0)
	}
	return out, err
}

// alike makes one of the signs of a code that are taken for each other when they are read out or written by hand.
var alike = strings.NewReplacer("5", "S", "2", "Z", "8", "B", "6", "G")

// coded are today's tickets with a code. A code is made of the identifier and stored nowhere, so that the day is
// looked through: a few thousand identifiers.
func coded(ctx context.Context, tx *store.Tx, t *tenant.Tenant, w wanted) (out []id.ID, err error) {
	if w.Code == "" {
		return []id.ID{}, nil
	}
	type row struct {
		ID id.ID `bun:"id"`
	}
	rows, err := store.Query[row](ctx, tx, store.From{"tickets", "series"},
		"select t.id from series s join tickets t on t.tenant_id = s.tenant_id and t.series_id = s.id and t.day = ?", t.Today(tx.Now()))
	for _, r := range rows {
		if alike.Replace(Code(r.ID)) == alike.Replace(w.Code) {
			out = append(out, r.ID)
		}
	}
	return out, err
}

// QueueNow is a series at a glance.
type QueueNow struct {
	*tenant.Series
	Waiting int
	Since   time.Time // since when the one who is called next waits; zero: nobody does
	Given   int64     // numbers given today
	Busy    int       // of its counters, those at which somebody stands
}

// full tells that the series gives no more numbers today.
func (q QueueNow) full() bool { return q.Quota > 0 && q.Given >= q.Quota }

// queues reads all series that are in use: those of which somebody waits first, else by their prefixes.
func (h *Hall) queues(ctx context.Context, t *tenant.Tenant) ([]QueueNow, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	at, err := h.atCounters(ctx, t)
	if err != nil {
		return nil, err
	}
	type row struct {
		SeriesID id.ID     `bun:"series_id"`
		Since    time.Time `bun:"created_at"`
		Total    int       `bun:"total"`
	}
	var rows []row
	given := map[id.ID]int64{}
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		today := t.Today(tx.Now())
		days, err := store.Select[SeriesDay](tx).Where("day = ?", today).All(ctx)
		if err != nil {
			return err
		}
		for _, d := range days {
			given[d.SeriesID] = d.N
		}
		rows, err = store.Query[row](ctx, tx, store.From{"tickets"}, `
			select q.series_id, q.created_at, q.total from (
			  select t.series_id, t.created_at, row_number() over (partition by t.series_id order by t.created_at, t.number) as k,
			    count(*) over (partition by t.series_id) as total
			  from tickets t where t.day = ? and t.status = 'waiting') q where q.k = 1`, today)
		return err
	})
	if err != nil {
		return nil, err
	}
	waits := map[id.ID]row{}
	for _, r := range rows {
		waits[r.SeriesID] = r
	}
	var out []QueueNow
	for _, o := range dir.Agencies {
		for _, s := range o.Series {
			q := QueueNow{Series: s, Given: given[s.ID]}
			if r, ok := waits[s.ID]; ok {
				q.Waiting, q.Since = r.Total, r.Since
			}
			for _, c := range s.Counters {
				if _, ok := at[c.ID]; ok {
					q.Busy++
				}
			}
			out = append(out, q)
		}
	}
	slices.SortStableFunc(out, func(a, b QueueNow) int {
		return cmp.Or(min(b.Waiting, 1)-min(a.Waiting, 1), strings.Compare(a.Prefix, b.Prefix))
	})
	return out, nil
}

// oftenMost is how many services stand at hand before one looks for any.
const oftenMost = 5

// often are the services for which most numbers were taken today.
func (h *Hall) often(ctx context.Context, t *tenant.Tenant) ([]*tenant.Service, error) {
	dir, err := h.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	type row struct {
		ServiceID id.ID `bun:"service_id"`
		N         int   `bun:"n"`
	}
	var rows []row
	err = h.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = store.Query[row](ctx, tx, store.From{"tickets", "series"}, `
			select t.service_id, count(*) as n from series s join tickets t on t.tenant_id = s.tenant_id and t.series_id = s.id and t.day = ?
			group by t.service_id order by n desc, t.service_id limit ?`, t.Today(tx.Now()), oftenMost)
		return err
	})
	var out []*tenant.Service
	for _, r := range rows {
		if o, ok := dir.Service(r.ServiceID); ok && !o.Retired {
			out = append(out, o)
		}
	}
	return out, err
}

// missedListed is how many absent tickets the front desk lists. Others are found by their number.
const missedListed = 12

// missedToday are today's last absent tickets of all series, the newest first.
func (h *Hall) missedToday(ctx context.Context, t *tenant.Tenant) ([]Place, error) {
	return h.missed(ctx, t, missedListed, store.From{"tickets", "series"}, "t.series_id in (select s.id from series s)")
}
