package auditlog

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
)

const (
	pathRecords = "/petugas/catatan"
	pathCSV     = "/petugas/catatan.csv"
	pageSize    = 50
	// queueOnly is what those see who may not see all: the records of the queue.
	queueOnly = "queue:"
)

// Routes registers the pages.
func Routes(r *web.Router, l *Log) {
	h := handlers{l}
	r.Get(pathRecords, permList, h.list, web.Desk("auditlog.title"))
	r.Post(pathRecords, permList, h.find)
	r.Get(pathCSV, permExport, h.download, web.Sudo)
}

type handlers struct{ log *Log }

// question is the filter as it stands in the address and in the form.
type question struct {
	First, Last, Person, Action, Target string
	Before, After                       int64
	Wrong                               map[string]string // keys of texts, by field
	NoTicket                            bool              // the number was not given on these days
	All                                 bool              // the person may see all records, not only the queue's
}

// The names of the fields, as addresses have them.
const (
	fieldFirst  = "dari"
	fieldLast   = "sampai"
	fieldPerson = "orang"
	fieldAction = "kegiatan"
	fieldTarget = "sasaran"
	fieldBefore = "sebelum"
	fieldAfter  = "sesudah"
)

func (h handlers) read(c *web.Ctx) question { return h.readBy(c, c.Query) }

func (h handlers) readBy(c *web.Ctx, field func(string) string) question {
	q := question{
		First: field(fieldFirst), Last: field(fieldLast), Person: field(fieldPerson), Action: field(fieldAction),
		Target: strings.TrimSpace(field(fieldTarget)), Wrong: map[string]string{}, All: c.Actor.Can(permAll, c.Tenant.Scope),
	}
	// A number that is none is as if there were none: the newest page.
	q.Before, _ = strconv.ParseInt(c.Query(fieldBefore), 10, 64)
	q.After, _ = strconv.ParseInt(c.Query(fieldAfter), 10, 64)
	q.Before, q.After = max(q.Before, 0), max(q.After, 0)
	return q
}

// filtered tells whether anything is asked for.
func (q question) filtered() bool { return q.First+q.Last+q.Person+q.Action+q.Target != "" }

// address is where the same question is answered from another place in the records.
func (q question) address(path string, before, after int64) string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set(fieldFirst, q.First)
	set(fieldLast, q.Last)
	set(fieldPerson, q.Person)
	set(fieldAction, q.Action)
	set(fieldTarget, q.Target)
	if before > 0 {
		v.Set(fieldBefore, strconv.FormatInt(before, 10))
	}
	if after > 0 {
		v.Set(fieldAfter, strconv.FormatInt(after, 10))
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// only asks for one thing more, from the newest record on.
func (q question) only(name, value string) string {
	switch name {
	case fieldPerson:
		q.Person = value
	case fieldTarget:
		q.Target = value
	}
	return q.address(pathRecords, 0, 0)
}

// find answers the form with the address of what was asked for. An e-mail becomes the identifiers under which records
// name whose it is: addresses are kept in the logs of proxies, and in browsers' histories.
func (h handlers) find(c *web.Ctx) error {
	if err := c.Must(permList, c.Tenant.Scope); err != nil {
		return err
	}
	q := h.readBy(c, c.Form)
	if !isEmail(q.Target) {
		return c.SeeOther(q.address(pathRecords, 0, 0))
	}
	user, err := h.log.user(c.Std(), c.Tenant, q.Target)
	if err != nil {
		return err
	}
	if q.Target = strings.Join(h.log.opt.Accounts(c.Tenant.ID, q.Target), ","); user != nil {
		q.Target = "user:" + user.ID.String()
	}
	return c.SeeOther(q.address(pathRecords, 0, 0))
}

func isEmail(text string) bool { return strings.Contains(text, "@") }

// user is whose an e-mail is; nil is nobody.
func (l *Log) user(ctx context.Context, t *tenant.Tenant, email string) (u *tenant.User, err error) {
	err = l.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		u, err = tenant.UserByEmail(ctx, tx, email)
		return err
	})
	return u, err
}

// targetShape is a target as records name it, which links on the page ask for.
var targetShape = regexp.MustCompile(`^[a-z][a-z-]{0,30}:[A-Za-z0-9:._-]{1,100}$`)

// accountsShape are the names of one account under several keys.
var accountsShape = regexp.MustCompile(`^account:[a-z0-9:?]{1,60}(,account:[a-z0-9:?]{1,60})+$`)

const maxTarget = 320

// filter makes a filter of a question. What is wrong with it stands in the question afterwards.
func (h handlers) filter(ctx context.Context, t *tenant.Tenant, q *question) (f Filter, err error) {
	day := func(field, text string) clock.Day {
		if text == "" {
			return clock.Day{}
		}
		d, err := clock.ParseDay(text)
		if err != nil {
			q.Wrong[field] = "auditlog.bad_day"
		}
		return d
	}
	first, last := day(fieldFirst, q.First), day(fieldLast, q.Last)
	if len(q.Wrong) == 0 && q.First != "" && q.Last != "" && last.Before(first) {
		q.Wrong[fieldLast] = "auditlog.bad_range"
	}
	f.Days(first, last, t.Loc)
	f.Action = q.Action
	switch q.Person {
	case "", "public", "system:":
		f.Actor = q.Person
	default:
		user, err := id.Parse(q.Person)
		if err != nil {
			return f, fault.New(fault.NotFound, "not_found")
		}
		f.Actor = "user:" + user.String()
	}
	if !q.All {
		f.Only = queueOnly
	}
	if q.Target == "" {
		return f, nil
	}
	if isEmail(q.Target) { // it came in an address, which is no place for it: it is typed into the form again
		q.Target, q.Wrong[fieldTarget] = "", "auditlog.bad_email"
		return f, nil
	}
	f.Targets, err = h.log.Targets(ctx, t, q.Target, first, last)
	switch {
	case err != nil:
		return f, err
	case f.Targets == nil:
		q.Wrong[fieldTarget] = "auditlog.bad_target"
	case len(f.Targets) == 0:
		q.NoTicket = true
	}
	return f, nil
}

// Targets are what people mean by a text: a queue number, the e-mail of somebody, or a target as records name
// it. nil: nothing is written like that. A number that was not given on these days has none.
func (l *Log) Targets(ctx context.Context, t *tenant.Tenant, text string, first, last clock.Day) ([]string, error) {
	switch {
	case len(text) > maxTarget:
		return nil, nil
	case accountsShape.MatchString(text):
		return strings.Split(text, ","), nil
	case targetShape.MatchString(text):
		return l.sameUser(ctx, t, text)
	case isEmail(text):
		out := l.opt.Accounts(t.ID, text)
		u, err := l.user(ctx, t, text)
		if u != nil {
			out = append([]string{"user:" + u.ID.String()}, out...)
		}
		return out, err
	case !numberShape.MatchString(text):
		return nil, nil
	}
	tickets, err := l.opt.Tickets(ctx, t, text, first, last)
	out := make([]string, len(tickets))
	for i, ticket := range tickets {
		out[i] = "ticket:" + ticket.String()
	}
	return out, err
}

// sameUser is a target, and where that is a person what failed sign-ins call their account.
func (l *Log) sameUser(ctx context.Context, t *tenant.Tenant, target string) (out []string, err error) {
	out = []string{target}
	user, ok := userOf(target)
	if !ok {
		return out, nil
	}
	err = l.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.User](tx).Where("id = ?", user).All(ctx)
		if err != nil {
			return err
		}
		known, err := opened(ctx, tx, rows)
		for _, u := range known {
			if u.Email != "" {
				out = append(out, l.opt.Accounts(t.ID, u.Email)...)
			}
		}
		return err
	})
	return out, err
}

var numberShape = regexp.MustCompile(`^[A-Za-z]{1,3}-?[0-9]{1,9}$`)

// list shows a page of records.
func (h handlers) list(c *web.Ctx) error {
	if err := c.Must(permList, c.Tenant.Scope); err != nil {
		return err
	}
	q := h.read(c)
	f, err := h.filter(c.Std(), c.Tenant, &q)
	if err != nil {
		return err
	}
	err = h.log.reads.Note(c.Std(), c.Tenant.ID, store.Record{Actor: c.Actor.String(), Action: actionList, Target: f.about(), Data: f.asked()})
	if err != nil {
		return err
	}
	teller, err := h.log.Teller(c.Std(), c.Tenant, c.Locale)
	if err != nil {
		return err
	}
	var found Found
	status := http.StatusOK
	switch {
	case len(q.Wrong) > 0:
		status = http.StatusUnprocessableEntity
	case !q.NoTicket:
		if found, err = h.log.Page(c.Std(), c.Tenant, f, q.Before, q.After, pageSize); err != nil {
			return err
		}
	}
	if err := teller.Learn(c.Std(), found.Records); err != nil {
		return err
	}
	people, err := h.log.people(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	p := c.UI(c.P.T("auditlog.title"))
	p.Surface = "staff"
	return c.Page(status, recordsPage(p, newView(p, teller, q, found, people, c.Actor.Can(permExport, c.Tenant.Scope))))
}

// download sends what the filter lets through as CSV.
func (h handlers) download(c *web.Ctx) error {
	if err := c.Must(permExport, c.Tenant.Scope); err != nil {
		return err
	}
	q := h.read(c)
	f, err := h.filter(c.Std(), c.Tenant, &q)
	switch {
	case err != nil:
		return err
	case len(q.Wrong) > 0:
		return c.SeeOther(q.address(pathRecords, 0, 0)) // which says what is wrong
	}
	teller, err := h.log.Teller(c.Std(), c.Tenant, c.Locale)
	if err != nil {
		return err
	}
	if c.Method() != http.MethodHead {
		if err := h.log.NoteExport(c.Std(), c.Tenant, c.Actor.String(), f); err != nil {
			return err
		}
	}
	t, none := c.Tenant, q.NoTicket
	name := "catatan-" + t.Slug + "-" + t.Today(c.Now()).String() + ".csv"
	return c.Download(name, "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
		if none {
			f.Targets = []string{""} // a number that was not given has no records
		}
		_, err := h.log.Export(ctx, t, f, teller, w)
		return err
	})
}

// NoteExport records that somebody takes records away. Each time counts.
func (l *Log) NoteExport(ctx context.Context, t *tenant.Tenant, actor string, f Filter) error {
	return l.note(ctx, t, store.Record{Actor: actor, Action: actionExport, Target: f.about(), Data: f.asked()})
}

// NoteList records that somebody has looked on the command line.
func (l *Log) NoteList(ctx context.Context, t *tenant.Tenant, actor string, f Filter) error {
	return l.note(ctx, t, store.Record{Actor: actor, Action: actionList, Target: f.about(), Data: f.asked()})
}

func (l *Log) note(ctx context.Context, t *tenant.Tenant, r store.Record) error {
	return l.db.In(ctx, t.ID, func(_ context.Context, tx *store.Tx) error { tx.Audit(r); return nil })
}

// columns are the names of the exported columns. They are the same in both languages, for programs read them.
var columns = []string{"seq", "time", "who", "sentence", "action", "actor", "target", "from", "data", "before", "after", "block", "hash"}

// Export writes the records that the filter lets through as CSV, in the order in which they were written, and
// tells how many. Times are those of the tenant's zone. It holds some hundred records at once.
func (l *Log) Export(ctx context.Context, t *tenant.Tenant, f Filter, teller *Teller, w io.Writer) (n int64, err error) {
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return 0, err
	}
	err = l.Each(ctx, t, f, func(ctx context.Context, records []Record) error {
		if err := teller.Learn(ctx, records); err != nil {
			return err
		}
		for _, r := range records {
			n++
			line := teller.line(r)
			for i := range line {
				line[i] = harmless(line[i])
			}
			if err := out.Write(line); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	})
	if err == nil {
		out.Flush()
		err = out.Error()
	}
	return n, err
}

// harmless keeps a spreadsheet from taking a cell for a formula: what begins like one begins with an apostrophe.
// Names and reasons are typed by people.
func harmless(s string) string {
	if s != "" && (strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) || slices.Contains([]string{"＝", "＋", "－", "＠"}, firstRune(s))) {
		return "'" + s
	}
	return s
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// FindPeople gives who is meant by a text on the command line: an e-mail, "public", or an actor as records name it.
func (l *Log) FindPeople(ctx context.Context, t *tenant.Tenant, text string) (actor string, ok bool, err error) {
	if !strings.Contains(text, "@") {
		return text, text != "", nil
	}
	targets, err := l.Targets(ctx, t, text, clock.Day{}, clock.Day{})
	for _, s := range targets {
		if strings.HasPrefix(s, "user:") {
			return s, true, err
		}
	}
	return "", false, err
}
