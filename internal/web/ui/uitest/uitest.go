// Package uitest checks rendered HTML in tests: what a validator, the CSP and people who use a screen reader would
// complain of first. It is quick and needs no browser; axe-core in Chromium finds the rest.
package uitest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// Render gives a component's HTML.
func Render(t testing.TB, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Page reports what is wrong with a whole document.
func Page(t testing.TB, src string) {
	t.Helper()
	for _, p := range Problems(src, true) {
		t.Error(p)
	}
}

// Fragment reports what is wrong with a part of a page. What it refers to may stand elsewhere.
func Fragment(t testing.TB, src string) {
	t.Helper()
	for _, p := range Problems(src, false) {
		t.Error(p)
	}
}

// Problems are a line each: tags that do not match, inline styles and scripts, inputs without labels, references
// that lead nowhere, ids given twice, and in a whole page anything but one h1.
func Problems(src string, whole bool) []string {
	c := &checker{ids: map[string]int{}, whole: whole}
	c.nesting(src)
	root, err := html.Parse(strings.NewReader(src))
	if err != nil {
		return append(c.problems, err.Error())
	}
	c.walk(root)
	c.references()
	return c.problems
}

type checker struct {
	problems []string
	whole    bool
	ids      map[string]int
	refs     []string // "what -> id"
	labels   []string // for=...
	inputs   []string // ids of inputs that need a label
	h1       int
}

func (c *checker) say(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// nesting compares start and end tags; the parser after it would mend them silently.
func (c *checker) nesting(src string) {
	var open []string
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				c.say("%v", z.Err())
			}
			if len(open) > 0 {
				c.say("never closed: %v", open)
			}
			return
		case html.StartTagToken:
			name, _ := z.TagName()
			if !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				c.say("</%s> closes %v", name, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
}

func (c *checker) walk(n *html.Node) {
	if n.Type == html.ElementNode {
		c.element(n)
	}
	for k := n.FirstChild; k != nil; k = k.NextSibling {
		c.walk(k)
	}
}

func (c *checker) element(n *html.Node) {
	at := map[string]string{}
	for _, a := range n.Attr {
		at[a.Key] = a.Val
		switch {
		case a.Key == "style":
			c.say("<%s> has an inline style", n.Data)
		case strings.HasPrefix(a.Key, "on"):
			c.say("<%s> has an inline %s", n.Data, a.Key)
		case strings.HasPrefix(strings.TrimSpace(strings.ToLower(a.Val)), "javascript:"):
			c.say("<%s> has %s=%s", n.Data, a.Key, a.Val)
		case a.Key == "id":
			if c.ids[a.Val]++; c.ids[a.Val] == 2 {
				c.say("id %q is given twice", a.Val)
			}
		case a.Key == "for" && n.Data == "label":
			c.labels = append(c.labels, a.Val)
		case a.Key == "aria-labelledby", a.Key == "aria-describedby", a.Key == "aria-controls", a.Key == "list":
			c.refs = append(c.refs, strings.Fields(a.Val)...)
		case a.Key == "href" && len(a.Val) > 1 && a.Val[0] == '#':
			c.refs = append(c.refs, a.Val[1:])
		}
	}
	named := at["aria-label"] != "" || at["aria-labelledby"] != "" || at["title"] != ""
	switch n.Data {
	case "h1":
		c.h1++
	case "style":
		c.say("a <style> element")
	case "script":
		if at["src"] == "" {
			c.say("an inline script")
		}
	case "img":
		if _, ok := at["alt"]; !ok {
			c.say("<img src=%s> has no alt", at["src"])
		}
	case "input", "select", "textarea":
		if at["type"] != "hidden" && at["type"] != "submit" && !named && !within(n, "label") {
			c.inputs = append(c.inputs, at["id"])
		}
	case "a", "button", "summary":
		if !named && strings.TrimSpace(content(n)) == "" {
			c.say("<%s href=%q> has no text", n.Data, at["href"])
		}
	case "html":
		if c.whole && at["lang"] == "" {
			c.say("<html> has no lang")
		}
	}
}

func (c *checker) references() {
	for _, id := range c.inputs {
		if id == "" || !slices.Contains(c.labels, id) {
			c.say("input %q has no label", id)
		}
	}
	if !c.whole {
		return
	}
	for _, id := range append(c.refs, c.labels...) {
		if c.ids[id] == 0 {
			c.say("nothing has the id %q", id)
		}
	}
	if c.h1 != 1 {
		c.say("%d h1 in the page", c.h1)
	}
}

func within(n *html.Node, name string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == name {
			return true
		}
	}
	return false
}

// content is an element's text, an image's alt included.
func content(n *html.Node) string {
	var b strings.Builder
	for k := range n.Descendants() {
		switch {
		case k.Type == html.TextNode:
			b.WriteString(k.Data)
		case k.Data == "img":
			for _, a := range k.Attr {
				if a.Key == "alt" {
					b.WriteString(a.Val)
				}
			}
		}
	}
	return b.String()
}
