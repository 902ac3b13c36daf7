package auditlog

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// view is the page of records.
type view struct {
	question
	Days        []day
	People      []ui.Option
	Actions     []ui.Option
	About       string // what the records are about, where the filter has no field's text for it
	Older       string // addresses; "": no link
	Newer       string
	Further     string
	Until       string
	DownloadURL string
}

// day is a run of records of one local day.
type day struct {
	ID      string
	Date    string
	Entries []entry
}

// entry is a record in words.
type entry struct {
	Seq       string
	Time      string // "10.04"
	Machine   string // for <time>
	Exact     string // "Senin, 23 November 2026, 10.04.05 WIB"
	Sentence  string
	Who       string
	WhoURL    string
	Action    string
	Code      string // "queue:ticket:call"
	Target    string
	TargetURL string
	From      string
	Data      []pair
	Changes   []pair
}

func newView(p ui.Page, w *Teller, q question, found Found, people []person, export bool) view {
	v := view{question: q}
	v.People = append(v.People, ui.Option{Value: "", Label: p.T("auditlog.anybody")}, ui.Option{Value: "public", Label: p.T("auditlog.public")})
	if q.All {
		v.People = append(v.People, ui.Option{Value: "system:", Label: p.T("auditlog.system")})
	}
	for _, u := range people {
		name := u.Name
		if u.Retired {
			name = p.T("auditlog.retired", name)
		}
		v.People = append(v.People, ui.Option{Value: u.ID.String(), Label: name})
	}
	only := queueOnly
	if q.All {
		only = ""
	}
	v.Actions = append(v.Actions, ui.Option{Value: "", Label: p.T("auditlog.anything")})
	for _, a := range w.actions(only) {
		v.Actions = append(v.Actions, ui.Option{Value: a, Label: w.Action(a)})
	}
	for _, r := range found.Records {
		v.add(p, w, r)
	}
	if targetShape.MatchString(q.Target) {
		v.About = q.Target
		if len(found.Records) > 0 {
			for _, r := range found.Records {
				if r.Target == q.Target {
					v.About = w.Target(r)
					break
				}
			}
		}
	}
	if found.Older > 0 {
		v.Older = q.address(pathRecords, found.Older, 0)
	}
	if found.Newer > 0 {
		v.Newer = q.address(pathRecords, 0, found.Newer)
	}
	if !found.Until.IsZero() {
		v.Until, v.Further, v.Older = p.Print().DateTime(found.Until), v.Older, ""
	}
	if export && len(q.Wrong) == 0 {
		v.DownloadURL = q.address(pathCSV, 0, 0)
	}
	return v
}

func (v *view) add(p ui.Page, w *Teller, r Record) {
	local := p.Print().Local(r.At)
	date := p.Print().Date(clock.DayOf(local, local.Location()))
	if n := len(v.Days); n == 0 || v.Days[n-1].Date != date {
		v.Days = append(v.Days, day{ID: "h-" + strconv.Itoa(n), Date: date})
	}
	e := entry{
		Seq: strconv.FormatInt(r.Seq, 10), Time: p.Print().TimeZone(r.At), Machine: local.Format(time.RFC3339), Exact: exact(p.Print(), r.At),
		Sentence: w.Sentence(r), Who: w.Who(r.Actor), Action: w.Action(r.Action), Code: r.Action, Target: w.Target(r),
		From: r.From, Data: w.data(r), Changes: w.changes(r),
	}
	if user, ok := userOf(r.Actor); ok && v.Person != user.String() {
		e.WhoURL = v.only(fieldPerson, user.String())
	}
	if targetShape.MatchString(r.Target) && v.question.Target != r.Target {
		e.TargetURL = v.only(fieldTarget, r.Target)
	}
	d := &v.Days[len(v.Days)-1]
	d.Entries = append(d.Entries, e)
}

// exact is a moment to the second: "Senin, 23 November 2026, 10.04.05 WIB".
func exact(p *i18n.Printer, at time.Time) string {
	local := p.Local(at)
	return p.Date(clock.DayOf(local, local.Location())) + ", " + p.Time(at) + p.TimeSep() + local.Format("05") + " " + p.Zone(at)
}

// wrong lists the fields to mend, in the form's order.
func (v view) wrong(p ui.Page) (out []ui.Wrong) {
	for _, name := range []string{fieldFirst, fieldLast, fieldTarget} {
		if v.Wrong[name] != "" {
			out = append(out, ui.Wrong{ID: name, Text: v.error(p, name)})
		}
	}
	return out
}

// error is what is wrong with a field.
func (v view) error(p ui.Page, name string) string {
	switch v.Wrong[name] {
	case "auditlog.bad_day":
		return p.T("auditlog.bad_day")
	case "auditlog.bad_range":
		return p.T("auditlog.bad_range")
	case "auditlog.bad_target":
		if !v.All {
			return p.T("auditlog.bad_target_queue")
		}
		return p.T("auditlog.bad_target")
	}
	return ""
}

func (v view) input(p ui.Page, name, label, kind, value string, options []ui.Option) ui.Input {
	in := ui.Input{Name: name, Label: label, Type: kind, Value: value, Options: options, Error: v.error(p, name)}
	if kind == "text" {
		in.Attrs = templ.Attributes{"maxlength": strconv.Itoa(maxTarget), "spellcheck": "false", "autocapitalize": "none"}
	}
	return in
}

// line is a record as a line of the export.
func (w *Teller) line(r Record) []string {
	return []string{
		strconv.FormatInt(r.Seq, 10), r.At.In(w.t.Loc).Format("2006-01-02T15:04:05.000000Z07:00"), w.Who(r.Actor), w.Sentence(r), r.Action, r.Actor, r.Target,
		r.From, compact(r.Data), compact(r.Before), compact(r.After), strconv.FormatInt(r.Block, 10), hex.EncodeToString(r.Hash),
	}
}

// compact leaves out an object without members.
func compact(text []byte) string { return strings.TrimSuffix(string(text), "{}") }
