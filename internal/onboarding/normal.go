package onboarding

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/fields"
)

// maxText bounds a field, in bytes; the crest and a standard have more.
const (
	maxText = 1000
	maxLong = 64 << 10
	maxPath = 200
)

// editable are the shapes of paths that people may change here, and what may stand there. What is not among them is
// refused: a page's hidden field is no way to anything else.
var editable = []struct {
	form *regexp.Regexp
	kind fieldKind
}{
	{path(`organiser`), oneLine}, {path(`brand/colour`), colour}, {path(`logo`), drawing},
	{path(`contact/(phone|email|website)`), oneLine}, {path(`contact/(complaints|complaints_en)`), lines},
	{path(`venues/CODE`), order}, {path(`venues/CODE/(name|name_en|address|kind|district)`), oneLine},
	{path(`venues/CODE/tickets_stop`), number}, {path(`venues/CODE/hours/DAY`), hours},
	{path(`venues/CODE/zones/CODE`), order}, {path(`venues/CODE/zones/CODE/(name|name_en|place|place_en)`), oneLine},
	{path(`closures/DATE`), order}, {path(`closures/DATE/(to|reason|reason_en)`), oneLine},
	{path(`agencies/CODE`), order}, {path(`agencies/CODE/(name|short|name_en|short_en|icon)`), oneLine},
	{path(`agencies/CODE/services/CODE`), order}, {path(`agencies/CODE/services/CODE/(name|name_en|execution|system|receipt)`), oneLine},
	{path(`agencies/CODE/services/CODE/series`), codes}, {path(`agencies/CODE/services/CODE/minutes`), number},
	{path(`agencies/CODE/services/CODE/confirmed`), truth}, {path(`agencies/CODE/services/CODE/standard/(time|fee|product|complaints|proxy|basis|time_en|fee_en|product_en|complaints_en)`), lines},
	{path(`agencies/CODE/services/CODE/standard/(requirements|procedure|requirements_en|procedure_en)`), rows},
	{path(`agencies/CODE/series/CODE`), order}, {path(`agencies/CODE/series/CODE/(name|name_en|venue)`), oneLine},
	{path(`agencies/CODE/series/CODE/prefix`), capitals}, {path(`agencies/CODE/series/CODE/quota`), number},
	{path(`agencies/CODE/counters/CODE:CODE`), order}, {path(`agencies/CODE/counters/CODE:CODE/(name|zone|place|place_en)`), oneLine},
	{path(`agencies/CODE/counters/CODE:CODE/series`), list}, {path(`agencies/CODE/counters/CODE:CODE/days`), weekdays},
}

type fieldKind int

const (
	oneLine fieldKind = iota
	lines
	drawing // an SVG that tenants.ReadLogo takes
	number
	truth
	order
	colour
	hours
	capitals
	rows  // a list of texts, as JSON; typed one a line
	list  // of codes, as JSON
	codes // one code, or several, as tenants.Codes writes them
	weekdays
)

func path(form string) *regexp.Regexp {
	const code = `[a-z0-9]+(?:-[a-z0-9]+)*`
	form = strings.ReplaceAll(form, "CODE", code)
	form = strings.ReplaceAll(form, "DAY", `(?:mon|tue|wed|thu|fri|sat|sun)`)
	form = strings.ReplaceAll(form, "DATE", `\d{4}-\d{2}-\d{2}(?::`+code+`)?`)
	return regexp.MustCompile(`^(?:` + form + `)$`)
}

var (
	colourForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)
	orderForm  = regexp.MustCompile(`^\d{6}$`)
	spaces     = regexp.MustCompile(`[ \t]+`)
)

// normal makes the form in which a field is stored of what was typed. problem is the code of a fault: what is wrong
// with the value, or that there is no such field.
func normal(at, text string) (value, problem string) {
	i := slices.IndexFunc(editable, func(e struct {
		form *regexp.Regexp
		kind fieldKind
	}) bool {
		return e.form.MatchString(at)
	})
	if i < 0 || len(at) > maxPath {
		return "", "onboarding.field"
	}
	kind := editable[i].kind
	if !utf8.ValidString(text) || strings.ContainsFunc(text, forbidden) {
		return "", "onboarding.signs"
	}
	most := maxText
	if kind == drawing || kind == rows {
		most = maxLong
	}
	if len(text) > most {
		return "", "onboarding.long"
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return "", ""
	}
	switch kind {
	case oneLine:
		return spaces.ReplaceAllString(strings.ReplaceAll(text, "\n", " "), " "), ""
	case number:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 1_000_000 {
			return "", "onboarding.number"
		}
		if n == 0 {
			return "", ""
		}
		return strconv.Itoa(n), ""
	case truth:
		switch text {
		case "true", "on":
			return "true", ""
		case "false":
			return "", ""
		}
		return "", "onboarding.field"
	case order:
		if !orderForm.MatchString(text) {
			return "", "onboarding.field"
		}
	case colour:
		c := "#" + strings.TrimPrefix(strings.ToLower(text), "#")
		if len(c) == 4 {
			c = "#" + c[1:2] + c[1:2] + c[2:3] + c[2:3] + c[3:4] + c[3:4]
		}
		if !colourForm.MatchString(c) {
			return "", "onboarding.colour"
		}
		return c, ""
	case hours:
		day, ok := fields.ParseDay(text)
		if !ok {
			return "", "onboarding.hours"
		}
		return day, ""
	case weekdays:
		week, ok := tenants.ReadDays(text)
		switch {
		case !ok:
			return "", "onboarding.days"
		case week == tenants.EveryDay:
			return "", ""
		}
		return tenants.FormatDays(week), ""
	case capitals:
		return strings.ToUpper(text), ""
	case drawing: // it is shown before the draft is checked: what a drawing may not have never gets into a draft
		svg, wrong := tenants.ReadLogo([]byte(text))
		if svg == "" || wrong.Err() != nil {
			return "", "onboarding.crest"
		}
		return svg, ""
	case rows:
		return rowsOf(text)
	case list:
		return listed[[]string](text)
	case codes:
		return listed[tenants.Codes](text)
	}
	return text, ""
}

// listed reads a list as JSON, or as people write one: "umum, keliling".
func listed[T ~[]string](text string) (value, problem string) {
	var l T
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		l = nil
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				l = append(l, part)
			}
		}
	}
	if len(l) == 0 {
		return "", ""
	}
	out, err := json.Marshal(l)
	if err != nil {
		return "", "onboarding.field"
	}
	return string(out), ""
}

// rowsOf reads a list of texts as JSON, or one a line.
func rowsOf(text string) (value, problem string) {
	var l []string
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		l = strings.Split(text, "\n")
	}
	var kept []string
	for _, row := range l {
		if row = strings.TrimSpace(spaces.ReplaceAllString(row, " ")); row != "" {
			kept = append(kept, row)
		}
	}
	if len(kept) == 0 {
		return "", ""
	}
	out, err := json.Marshal(kept)
	if err != nil {
		return "", "onboarding.field"
	}
	return string(out), ""
}

// forbidden are signs that no text of a page has: control signs, and those that turn the direction of writing.
func forbidden(r rune) bool {
	switch {
	case r == '\n' || r == '\r' || r == '\t':
		return false
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
		return true
	}
	return unicode.IsControl(r)
}
