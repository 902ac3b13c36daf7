package notify

import (
	_ "embed"
	"errors"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/pendopo-id/pendopo/internal/tenant"
)

//go:embed text.yaml
var ownTexts []byte

// frame is what stands around every message.
var frame = func() texts {
	file, err := parseTexts(ownTexts)
	if err != nil {
		panic("notify: text.yaml: " + err.Error()) // embedded, and read by every test
	}
	return file["frame"]
}()

// texts are what a kind says, by locale.
type texts struct {
	ID wording `yaml:"id"`
	EN wording `yaml:"en"`
}

// wording is what a kind says in one language. Paragraphs are separated by empty lines.
type wording struct {
	Subject template `yaml:"subject"`
	Text    template `yaml:"text"`
	Short   template `yaml:"short"` // for SMS and WhatsApp
}

func (t texts) in(l Locale) wording {
	if l == EN {
		return t.EN
	}
	return t.ID
}

// template is text with {names}.
type template []piece

type piece struct{ text, name string }

// UnmarshalYAML implements yaml.InterfaceUnmarshaler.
func (t *template) UnmarshalYAML(unmarshal func(any) error) error {
	var s string
	if err := unmarshal(&s); err != nil {
		return err
	}
	s = strings.TrimSpace(s)
	for s != "" {
		before, rest, found := strings.Cut(s, "{")
		if strings.Contains(before, "}") {
			return errors.New("a } without its {")
		}
		if before != "" {
			*t = append(*t, piece{text: before})
		}
		if !found {
			return nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			return fmt.Errorf("{%.20s: a variable is {lower_case}", rest)
		}
		*t = append(*t, piece{name: name})
		s = after
	}
	return nil
}

func (t template) names() map[string]bool {
	out := map[string]bool{}
	for _, p := range t {
		if p.name != "" {
			out[p.name] = true
		}
	}
	return out
}

// parseTexts reads a file of texts and refuses what does not agree.
func parseTexts(data []byte) (map[string]texts, error) {
	var file map[string]texts
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(file)) {
		t := file[name]
		for _, part := range []struct {
			what   string
			id, en template
		}{{"subject", t.ID.Subject, t.EN.Subject}, {"text", t.ID.Text, t.EN.Text}, {"short", t.ID.Short, t.EN.Short}} {
			switch a, b := part.id.names(), part.en.names(); {
			case (len(part.id) == 0) != (len(part.en) == 0):
				return nil, fmt.Errorf("%s: %s is there in one language only", name, part.what)
			case !maps.Equal(a, b):
				return nil, fmt.Errorf("%s: %s: variables differ: id has %v, en has %v",
					name, part.what, slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
			}
		}
	}
	return file, nil
}

// fits tells whether there is a text for each channel.
func (t texts) fits(channels []Channel) error {
	for _, c := range channels {
		switch {
		case !slices.Contains(Channels, c):
			return fmt.Errorf("no channel %q", c)
		case c == Email && (len(t.ID.Subject) == 0 || len(t.ID.Text) == 0):
			return errors.New("e-mail needs a subject and a text")
		case c != Email && len(t.ID.Short) == 0:
			return fmt.Errorf("%s needs a short text", c)
		}
	}
	return nil
}

// textError is a text that cannot be made: a mistake of ours, that time does not mend.
type textError struct{ what string }

func (e *textError) Error() string { return "notify: " + e.what }

// fill puts the variables in. Values are one line each: a value with a line break could otherwise write
// paragraphs, or headers, of its own.
func (t template) fill(vars Vars) (string, error) {
	var b strings.Builder
	for _, p := range t {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		v, ok := vars[p.name]
		if !ok {
			return "", &textError{"no value for {" + p.name + "}"}
		}
		if p.name != "body" && strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }) {
			return "", &textError{"the value of {" + p.name + "} is more than a line"}
		}
		b.WriteString(v)
	}
	return b.String(), nil
}

// sender is who signs a message: a region's mall, or the platform.
func (r Region) sender(l Locale) string {
	switch {
	case r.Code == tenant.PlatformCode:
		return r.Name
	case l == EN:
		return "Public Service Mall of " + r.Name
	}
	return "Mal Pelayanan Publik " + r.Name
}

// render makes a message's subject and text. The region's name and its official host are in each.
func (t texts) render(c Channel, l Locale, r Region, vars Vars) (subject, text string, err error) {
	all := Vars{}
	maps.Copy(all, vars)
	all["region"], all["host"], all["sender"] = r.Name, r.Host, r.sender(l)
	body, around := t.in(l).Text, frame.in(l).Text
	if c != Email {
		body, around = t.in(l).Short, frame.in(l).Short
	} else if subject, err = t.in(l).Subject.fill(all); err != nil {
		return "", "", err
	}
	if all["body"], err = body.fill(all); err != nil {
		return "", "", err
	}
	text, err = around.fill(all)
	return subject, text, err
}

// htmlOf is the same text for readers that show HTML: paragraphs, and a link that can be touched.
func htmlOf(l Letter) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"" + string(l.Locale) + "\"><head><meta charset=\"utf-8\"><title>" + html.EscapeString(l.Subject) + "</title></head><body>\n")
	for _, paragraph := range strings.Split(l.Text, "\n\n") {
		b.WriteString("<p>")
		for i, line := range strings.Split(strings.TrimSpace(paragraph), "\n") {
			if i > 0 {
				b.WriteString("<br>\n")
			}
			safe := html.EscapeString(line)
			if (strings.HasPrefix(line, "https://") || strings.HasPrefix(line, "http://")) && !strings.Contains(line, " ") {
				safe = `<a href="` + safe + `">` + safe + `</a>`
			}
			b.WriteString(safe)
		}
		b.WriteString("</p>\n")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}
