package uitest

import (
	"strings"
	"testing"
)

func TestProblems(t *testing.T) {
	for src, says := range map[string]string{
		`<p><b>x</p>`:                             "</p> closes [p b]",
		`<p>x`:                                    "never closed",
		`<p style="color:red">x</p>`:              "inline style",
		`<p onclick="x()">x</p>`:                  "inline onclick",
		`<style>p{}</style>`:                      "<style>",
		`<script>x()</script>`:                    "inline script",
		`<a href="javascript:x()">x</a>`:          "javascript:",
		`<input name="q">`:                        `input "" has no label`,
		`<label for="a">A</label><input id="b">`:  `input "b" has no label`,
		`<img src="x.svg">`:                       "no alt",
		`<p id="a"></p><p id="a"></p>`:            "twice",
		`<button><svg></svg></button>`:            "no text",
		`<html><body><h1>x</h1></body></html>`:    "no lang",
		`<html lang="id"><body></body></html>`:    "0 h1",
		`<h1>x</h1><svg><use href="#i-x"/></svg>`: `nothing has the id "i-x"`,
	} {
		if got := strings.Join(Problems(src, true), "\n"); !strings.Contains(got, says) {
			t.Errorf("%s: %q, want %q", src, got, says)
		}
	}
	if got := Problems(`<label>A <input></label><a href="/"><img src="x" alt="Home"></a><p aria-describedby="elsewhere">x</p>`, false); len(got) > 0 {
		t.Error(got)
	}
}
