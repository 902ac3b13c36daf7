package i18n

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// message is a sentence in one language, taken apart once so that printing is only appending. Indonesian
// has one form; English may have two.
type message struct {
	other form
	one   form // nil: other serves
}

// form is text and verbs in turn.
type form []piece

type piece struct {
	text string
	verb byte // 0 for text; 's', 'd', 'f'
	arg  int  // index of the argument
	prec int  // digits of an 'f'
}

func (m message) empty() bool { return len(m.other) == 0 }

// UnmarshalYAML reads a plain string, or {one: ..., other: ...}.
func (m *message) UnmarshalYAML(unmarshal func(any) error) error {
	var s string
	if unmarshal(&s) == nil {
		return m.other.parse(s)
	}
	var forms struct {
		One   string `yaml:"one"`
		Other string `yaml:"other"`
	}
	if err := unmarshal(&forms); err != nil {
		return err
	}
	if forms.One == "" || forms.Other == "" {
		return fmt.Errorf("a plural needs one and other")
	}
	if err := m.one.parse(forms.One); err != nil {
		return err
	}
	return m.other.parse(forms.Other)
}

// parse takes a sentence apart at its verbs.
func (f *form) parse(s string) error {
	if s == "" {
		return fmt.Errorf("the sentence is empty")
	}
	next := 0
	for rest := s; rest != ""; {
		before, after, found := strings.Cut(rest, "%")
		if before != "" {
			f.add(piece{text: before})
		}
		if !found {
			return nil
		}
		if strings.HasPrefix(after, "%") {
			f.add(piece{text: "%"})
			rest = after[1:]
			continue
		}
		p, used, err := parseVerb(after, next)
		if err != nil {
			return fmt.Errorf("%q: %w", s, err)
		}
		f.add(p)
		next, rest = p.arg+1, after[used:]
	}
	return nil
}

// add joins neighbouring text.
func (f *form) add(p piece) {
	if n := len(*f); p.verb == 0 && n > 0 && (*f)[n-1].verb == 0 {
		(*f)[n-1].text += p.text
		return
	}
	*f = append(*f, p)
}

// parseVerb reads what stands after a %: "[2]s", ".2f", "d".
func parseVerb(s string, next int) (p piece, used int, err error) {
	p.arg = next
	if rest, ok := strings.CutPrefix(s, "["); ok {
		n, _, ok := strings.Cut(rest, "]")
		i, err := strconv.Atoi(n)
		if !ok || err != nil || i < 1 || i > 9 {
			return p, 0, fmt.Errorf("an index is %%[1]s to %%[9]s")
		}
		p.arg, used = i-1, len(n)+2
	}
	if used+1 < len(s) && s[used] == '.' && s[used+1] >= '0' && s[used+1] <= '9' {
		p.prec = int(s[used+1] - '0')
		used += 2
		if used == len(s) || s[used] != 'f' {
			return p, 0, fmt.Errorf("digits belong to %%f only")
		}
	}
	if used == len(s) || !strings.ContainsRune("sdf", rune(s[used])) {
		return p, 0, fmt.Errorf("verbs are %%s, %%d, %%.1f and %%%%")
	}
	p.verb = s[used]
	return p, used + 1, nil
}

// print fills the verbs. An argument that is missing or of the wrong kind shows as "[?]", never as a panic in
// the middle of a page.
func (m *message) print(p *Printer, args []any) string {
	f := m.other
	if m.one != nil {
		if n, ok := firstInteger(args); ok && isOne(p.locale, n) {
			f = m.one
		}
	}
	if len(f) == 1 && f[0].verb == 0 {
		return f[0].text
	}
	b := make([]byte, 0, 96)
	for _, x := range f {
		switch {
		case x.verb == 0:
			b = append(b, x.text...)
		case x.arg >= len(args):
			b = append(b, "[?]"...)
		default:
			b = p.appendVerb(b, x, args[x.arg])
		}
	}
	return string(b)
}

func (p *Printer) appendVerb(b []byte, x piece, arg any) []byte {
	switch x.verb {
	case 'd':
		if n, ok := integer(arg); ok {
			return p.appendNumber(b, n)
		}
	case 'f':
		switch v := arg.(type) {
		case float64:
			return append(b, p.Decimal(v, x.prec)...)
		case float32:
			return append(b, p.Decimal(float64(v), x.prec)...)
		}
	default:
		return append(b, text(arg)...)
	}
	return append(b, "[?]"...)
}

// isOne asks CLDR's rules.
func isOne(l Locale, n int64) bool {
	tag := language.Indonesian
	if l == EN {
		tag = language.English
	}
	if n < 0 {
		n = -n
	}
	return plural.Cardinal.MatchPlural(tag, int(n), 0, 0, 0, 0) == plural.One
}

// verbs are a form's arguments and their kinds, for comparing languages: "1d 2s".
func (f form) verbs() map[string]bool {
	out := map[string]bool{}
	for _, x := range f {
		if x.verb != 0 {
			out[strconv.Itoa(x.arg+1)+string(x.verb)] = true
		}
	}
	return out
}

// plain is the sentence without its verbs.
func (f form) plain() string {
	var b strings.Builder
	for _, x := range f {
		b.WriteString(x.text)
	}
	return b.String()
}
