package ui

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// htmxConfig keeps htmx inside the CSP: no eval, no style element of its own.
const htmxConfig = `{"allowEval":false,"includeIndicatorStyles":false,"allowScriptTags":false,"historyCacheSize":0}`

// Kind is what a tag or a note says by its colour, beside its word and icon.
type Kind string

// The kinds. Plain is the zero value.
const (
	Plain Kind = ""
	Good  Kind = "good"
	Warn  Kind = "warn"
	Bad   Kind = "bad"
)

// Level is how busy a queue is: the number of pillars.
type Level int

// The levels; Idle has no pillar.
const (
	Idle   Level = 0
	Quiet  Level = 1
	Steady Level = 2
	Busy   Level = 3
)

// Step is one pillar of Steps. Now marks where the person is.
type Step struct {
	Title string
	Text  string
	Body  templ.Component // instead of Text, or after it
	Now   bool
}

// Pair is a term and its value.
type Pair struct{ Term, Value string }

// Input is a field of a form. Label and Name are needed; ID is the name where it is empty.
type Input struct {
	ID, Name, Label, Help, Error, Value string
	Type                                string // "text" if empty; "textarea" and "select" too
	Mode                                string // inputmode: "numeric"
	Autocomplete                        string // "off" if empty
	Options                             []Option
	Required, Optional                  bool // Optional says so beside the label; most fields are required and say nothing
	Attrs                               templ.Attributes
}

// Option is a choice of a select.
type Option struct{ Value, Label string }

func (f Input) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

// described are the ids of the help and the error, for aria-describedby.
func (f Input) described() string {
	var ids []string
	if f.Help != "" {
		ids = append(ids, f.id()+"-h")
	}
	if f.Error != "" {
		ids = append(ids, f.id()+"-e")
	}
	return strings.Join(ids, " ")
}

func (f Input) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Input) autocomplete() string {
	if f.Autocomplete == "" {
		return "off"
	}
	return f.Autocomplete
}

// attrs are the attributes that all three kinds of input share.
func (f Input) attrs() templ.Attributes {
	a := templ.Attributes{"id": f.id(), "name": f.Name, "class": "p-in"}
	if d := f.described(); d != "" {
		a["aria-describedby"] = d
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	if f.Required {
		a["required"] = true
	}
	for k, v := range f.Attrs {
		a[k] = v
	}
	return a
}

// Wrong is one line of an ErrorSummary: which field, and how to mend it.
type Wrong struct{ ID, Text string }

// SearchBox is a search that works by plain GET and, with search.js, as one types.
type SearchBox struct {
	Action      string // where the form goes: "/layanan"
	Label       string // for screen readers: "Cari layanan"
	Placeholder string
	Value       string
	Fragment    string // URL that answers with a fragment; empty: no search as you type
	Target      string // id of the element that takes it
	KeepURL     bool   // the fragment is this page's own list, so the address follows it
	Suggest     []string
	Key         string // the single key that leads here, on pages with counter.js
}

// Trouble is what a Problem page says. Empty texts are filled in by the status.
type Trouble struct {
	Status    int
	Title     string // what is the case: "Halaman ini tidak ada"
	Text      string // what it means, and what to do next
	Links     []Link // the first is the button
	Reference string // names the request in our log; for 500
}

func (t Trouble) key() string {
	switch t.Status {
	case 400, 401, 403, 404, 405, 409, 413, 422, 429, 503:
		return strconv.Itoa(t.Status)
	}
	return "500"
}

func (t Trouble) title(p Page) string {
	if t.Title != "" {
		return t.Title
	}
	return p.T("ui.problem." + t.key() + ".title")
}

func (t Trouble) text(p Page) string {
	if t.Text != "" {
		return t.Text
	}
	return p.T("ui.problem." + t.key() + ".text")
}

// links are the ways on from a problem: never a dead end.
func (t Trouble) links(p Page) []Link {
	if t.Links != nil {
		return t.Links
	}
	home := Link{Label: p.T("ui.to_home"), Href: PathHome, Icon: "home"}
	if p.User != nil { // staff go back to their work
		home = Link{Label: p.T("ui.to_desk"), Href: PathCounters, Icon: "home"}
	}
	again := Link{Label: p.T("ui.again"), Href: p.canonical(), Icon: "refresh"}
	switch t.Status {
	case 401, 403:
		if p.User != nil {
			return []Link{home}
		}
		return []Link{{Label: p.T("ui.sign_in"), Href: PathSignIn, Icon: "login"}, home}
	case 409, 429, 500, 503:
		return []Link{again, home}
	}
	if p.User != nil {
		return []Link{home}
	}
	if p.Region != nil {
		return []Link{{Label: p.T("ui.find_service"), Href: PathServices, Icon: "search"}, home}
	}
	return []Link{{Label: p.T("ui.find_region"), Href: PathRegions, Icon: "search"}, home}
}

func classes(names ...string) string {
	return strings.Join(strings.Fields(strings.Join(names, " ")), " ")
}

// NumberClass adds to a queue number's class how long it is: KB-025 is p-mid, AB-1027 is p-long, KAB-1027 is p-long
// and p-max. board.js says the same of a number that is called later.
func NumberClass(class, number string) string {
	switch n := len(number); {
	case n > 7:
		return classes(class, "p-long p-max")
	case n > 6:
		return classes(class, "p-long")
	case n > 5:
		return classes(class, "p-mid")
	}
	return class
}

func tagClass(k Kind) string {
	if k == Plain {
		return "p-tag"
	}
	return "p-tag p-" + string(k)
}

// titled is the page under another title, out of search engines.
func (p Page) titled(title string) Page {
	p.Title, p.NoIndex = title, true
	return p
}
