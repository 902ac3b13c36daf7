package auditlog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// Teller tells a tenant's records in words. It learns the names that it needs, and is not for several goroutines.
type Teller struct {
	log      *Log
	t        *tenant.Tenant
	p        *i18n.Printer
	dir      *tenant.Directory
	users    map[id.ID]string
	accounts map[string]string // names by the target of failed sign-ins; nil: not read yet
}

// maxNames bounds the memory of a teller that goes through millions of records.
const maxNames = 20_000

// Teller makes a teller for a language and the tenant's time zone.
func (l *Log) Teller(ctx context.Context, t *tenant.Tenant, locale i18n.Locale) (*Teller, error) {
	dir, err := l.dirs.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	return &Teller{log: l, t: t, p: i18n.For(locale).In(t.Loc), dir: dir, users: map[id.ID]string{}}, nil
}

type person struct {
	ID          id.ID
	Name, Email string
	Retired     bool
}

// maxPeople bounds the list of people to choose from.
const maxPeople = 1000

// people are those who work here or did, who still do first, by name.
func (l *Log) people(ctx context.Context, t *tenant.Tenant) (out []person, err error) {
	err = l.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.User](tx).Order("retired", "id").Limit(maxPeople).All(ctx)
		if err == nil {
			out, err = opened(ctx, tx, rows)
		}
		return err
	})
	// Sealed names have no order in the database.
	slices.SortFunc(out, func(a, b person) int {
		if a.Retired != b.Retired {
			if a.Retired {
				return 1
			}
			return -1
		}
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return out, err
}

// opened gives people their names.
func opened(ctx context.Context, tx *store.Tx, rows []tenant.User) ([]person, error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return nil, err
	}
	out := make([]person, 0, len(rows))
	for _, u := range rows {
		name, email, err := u.Open(ctx, keys)
		if err != nil {
			return nil, err
		}
		out = append(out, person{u.ID, name, email, u.Retired})
	}
	return out, nil
}

// Learn reads the names of those who stand in records, as far as they are not known yet.
func (w *Teller) Learn(ctx context.Context, records []Record) error {
	if len(w.users) > maxNames {
		clear(w.users)
	}
	var missing []id.ID
	accounts := false
	for _, r := range records {
		for _, s := range []string{r.Actor, r.Target, strings.TrimPrefix(r.Target, "records:")} {
			if user, ok := userOf(s); ok {
				if _, known := w.users[user]; !known {
					w.users[user] = ""
					missing = append(missing, user)
				}
			}
			accounts = accounts || strings.HasPrefix(s, "account:")
		}
	}
	if accounts && w.accounts == nil {
		all, err := w.log.people(ctx, w.t)
		if err != nil {
			return err
		}
		w.accounts = make(map[string]string, len(all))
		for _, u := range all {
			for _, account := range w.log.opt.Accounts(w.t.ID, u.Email) {
				w.accounts[account] = u.Name
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return w.log.db.View(ctx, w.t.ID, func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[tenant.User](tx).Where("id in ?", bun.Tuple(missing)).All(ctx)
		if err != nil {
			return err
		}
		known, err := opened(ctx, tx, rows)
		for _, u := range known {
			w.users[u.ID] = u.Name
		}
		return err
	})
}

func userOf(s string) (id.ID, bool) {
	rest, ok := strings.CutPrefix(s, "user:")
	if !ok {
		return id.ID{}, false
	}
	user, err := id.Parse(rest)
	return user, err == nil
}

// Who names an actor.
func (w *Teller) Who(actor string) string {
	if user, ok := userOf(actor); ok {
		return cmp.Or(w.users[user], w.p.T("auditlog.somebody"))
	}
	if actor == "public" {
		return w.p.T("auditlog.public")
	}
	if rest, ok := strings.CutPrefix(actor, "system:"); ok {
		if key := "auditlog.system." + rest; i18n.Has(key) {
			return w.p.T("auditlog.system." + rest)
		}
		return w.p.T("auditlog.system_other", rest)
	}
	return actor
}

// facts are the parts of a record's data that sentences speak of.
type facts struct {
	Series  id.ID  `json:"series"`
	Counter id.ID  `json:"counter"`
	Number  int64  `json:"number"`
	OK      *bool  `json:"ok"`
	Channel string `json:"channel"`
	Status  string `json:"status"`
	State   string `json:"state"`
}

// factsOf reads what it can; a member of another kind than expected leaves the rest as it is.
func factsOf(text json.RawMessage) (f facts) {
	if len(text) <= len("{}") {
		return f
	}
	_ = json.Unmarshal(text, &f) // other verticals' data may look different
	return f
}

// Target names what a record is about.
func (w *Teller) Target(r Record) string {
	kind, rest, _ := strings.Cut(r.Target, ":")
	switch kind {
	case "ticket":
		if s, ok := w.dir.Series(r.facts.Series); ok && r.facts.Number > 0 {
			return w.log.opt.Label(s.Prefix, r.facts.Number)
		}
		return w.p.T("auditlog.a_ticket")
	case "user":
		return w.Who(r.Target)
	case "account":
		return cmp.Or(w.accounts[r.Target], w.p.T("auditlog.an_account"))
	case "session":
		return w.p.T("auditlog.a_session")
	case "tenant":
		if w.t.IsPlatform() && rest != w.t.Code { // the platform's records are about regions, also such as are gone
			if seat, ok := areas.SeatByCode(rest); ok {
				return seat.Name
			}
			return rest
		}
		return w.t.Name
	case "feature":
		return w.p.T("auditlog.feature", rest)
	case "provider":
		return w.p.T("auditlog.a_provider", w.agency(rest))
	case "keyset":
		return w.p.T("auditlog.keyset", rest)
	case "records":
		if strings.HasPrefix(rest, "user:") || rest == "public" || strings.HasPrefix(rest, "system:") {
			return w.p.T("auditlog.records_of", w.Who(rest))
		}
		return w.p.T("auditlog.records")
	}
	return r.Target
}

func (w *Teller) where(r Record) string {
	if c, ok := w.dir.Counter(r.facts.Counter); ok {
		return c.Name
	}
	return w.p.T("auditlog.a_counter")
}

// keyOf is an action as texts are named after it.
func keyOf(action string) string { return strings.ReplaceAll(action, ":", ".") }

// variants are what a record's sentence may depend on, the most telling first.
func variants(r Record) []string {
	data, after := r.facts, r.then
	out := []string{after.Status, after.State}
	if data.OK != nil && !*data.OK {
		out = append(out, "failed")
	}
	if r.Before == nil && r.After != nil {
		out = append(out, "added")
	}
	if r.Before != nil && r.After == nil {
		out = append(out, "removed")
	}
	return append(out, data.Channel)
}

// Sentence tells a record: "Juhari memanggil A-027 ke Loket 3".
func (w *Teller) Sentence(r Record) string {
	key := "record." + keyOf(r.Action)
	for _, v := range variants(r) {
		if v != "" && i18n.Has(key+"."+v) {
			return w.p.T("record."+keyOf(r.Action)+"."+v, w.Who(r.Actor), w.Target(r), w.where(r))
		}
	}
	if i18n.Has(key) {
		return w.p.T("record."+keyOf(r.Action), w.Who(r.Actor), w.Target(r), w.where(r))
	}
	return w.p.T("auditlog.other", w.Who(r.Actor), w.Action(r.Action), w.Target(r))
}

// Action is what an action is called: by a text of its own where it is nobody's permission, or more than that,
// else by its permission's sentence.
func (w *Teller) Action(action string) string {
	if i18n.Has("auditlog.action." + keyOf(action)) {
		return w.p.T("auditlog.action." + keyOf(action))
	}
	for _, p := range authz.All() {
		if p.Name() == action {
			return p.Text(string(w.p.Locale()))
		}
	}
	return action
}

// actions are those that a sentence tells and that begin so, by what they are called.
func (w *Teller) actions(only string) []string {
	seen := map[string]bool{}
	for _, key := range i18n.Keys() {
		rest, ok := strings.CutPrefix(key, "record.")
		if parts := strings.Split(rest, "."); ok && len(parts) >= 3 {
			seen[strings.Join(parts[:3], ":")] = true
		}
	}
	var out []string
	for a := range seen {
		if strings.HasPrefix(a, only) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(strings.Compare(w.Action(a), w.Action(b)), strings.Compare(a, b)) })
	return out
}

// pair is a part of a record's data in words.
type pair struct{ Key, Before, After string }

// label is what a member of the data is called.
func (w *Teller) label(name string) string {
	if i18n.Has("auditlog.key." + name) {
		return w.p.T("auditlog.key." + name)
	}
	return strings.ReplaceAll(name, "/", "/\u200b") // a path may break after a slash
}

// data are the members of a record's data, in their order, without what its target says already.
func (w *Teller) data(r Record) []pair {
	var out []pair
	_, target, _ := strings.Cut(r.Target, ":")
	for _, m := range members(r.Data) {
		if string(m.value) == strconv.Quote(target) {
			continue
		}
		out = append(out, pair{Key: w.label(m.name), After: w.value(m.name, m.value)})
	}
	return out
}

// changes sets beside each other what was and what is, where they differ.
func (w *Teller) changes(r Record) []pair {
	before, after := members(r.Before), members(r.After)
	was, is := byName(before), byName(after)
	var out []pair
	for _, m := range append(before, after...) {
		b, had := was[m.name]
		a, has := is[m.name]
		if !had && !has || had && has && bytes.Equal(b, a) {
			continue
		}
		out = append(out, pair{w.label(m.name), w.value(m.name, b), w.value(m.name, a)})
		delete(was, m.name)
		delete(is, m.name)
	}
	return out
}

type member struct {
	name  string
	value json.RawMessage
}

// members takes an object apart without losing its order. What is no object has none.
func members(text json.RawMessage) (out []member) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return out
		}
		out = append(out, member{name, value})
	}
	return out
}

func byName(list []member) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(list))
	for _, m := range list {
		out[m.name] = m.value
	}
	return out
}

// value is a value in words: names for identifiers, a beginning for hashes, and for the rest what stands there.
func (w *Teller) value(name string, text json.RawMessage) string {
	if len(text) == 0 {
		return ""
	}
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil {
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = w.value(name, v)
		}
		return strings.Join(words, ", ")
	}
	var s string
	if json.Unmarshal(text, &s) != nil {
		switch v := string(text); v {
		case "true", "false":
			return w.p.T("auditlog.is." + v)
		case "null":
			return ""
		default:
			if n, err := strconv.Atoi(v); err == nil && name != "number" {
				return w.p.Number(n)
			}
			return v
		}
	}
	if rest, ok := strings.CutPrefix(s, audit.Masked); ok {
		return w.p.T("auditlog.masked", rest[:min(len(rest), 8)])
	}
	if i, err := id.Parse(s); err == nil {
		return cmp.Or(w.named(i), s)
	}
	if role, scope, ok := strings.Cut(s, " "); ok && name == "roles" && i18n.Has("web.role."+role) {
		return w.p.T("web.role."+role) + w.scope(scope)
	}
	if name == "via" {
		return w.agency(s)
	}
	if i18n.Has("auditlog.value." + name + "." + s) {
		return w.p.T("auditlog.value." + name + "." + s)
	}
	return s
}

// agency is what an agency is called, by its code.
func (w *Teller) agency(code string) string {
	for _, a := range w.dir.Agencies {
		if a.Code != code {
			continue
		}
		if w.p.Locale() == i18n.EN {
			return cmp.Or(a.ShortEN, a.Short)
		}
		return a.Short
	}
	return code
}

// scope is where a role holds, unless that is the whole region.
func (w *Teller) scope(scope string) string {
	if scope == w.t.Scope {
		return ""
	}
	code, inside := strings.CutPrefix(scope, w.t.Scope+"/")
	for _, a := range w.dir.Agencies {
		if inside && a.Code == code {
			return ", " + a.Short
		}
	}
	return ", " + scope
}

// named is the name of something that the region declares, or declared.
func (w *Teller) named(i id.ID) string {
	if c, ok := w.dir.Counter(i); ok {
		return c.Name
	}
	if s, ok := w.dir.Series(i); ok {
		return s.Prefix
	}
	if s, ok := w.dir.Service(i); ok {
		if w.p.Locale() == i18n.EN {
			return cmp.Or(s.NameEN, s.Name)
		}
		return s.Name
	}
	if a, ok := w.dir.Agency(i); ok {
		return a.Name
	}
	if v, ok := w.dir.Venue(i); ok {
		return v.Name
	}
	if z, ok := w.dir.Zone(i); ok {
		return z.Name
	}
	return w.users[i]
}
