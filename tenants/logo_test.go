package tenants

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const svgOpen = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 40">`

func TestLogoPlainForm(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><path d="M0 0"/></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><path d="M0 0"/></svg>`},
		{"declaration, comment, spaces", "\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x -->\n<svg version=\"1.1\"\n  xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0  1 1\">\n  <g class=\"a\">\n <path d=\"M0 0\n  L1 1\"></path></g>\n</svg>\n",
			`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g><path d="M0 0 L1 1"/></g></svg>`},
		{"title", svgOpen + `<title>A &amp; B &lt;i&gt;</title></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><title>A &amp; B &lt;i&gt;</title></svg>`},
		{"gradient", svgOpen + `<linearGradient id="a"><stop offset="0" stop-color="#fff"/></linearGradient><linearGradient id="b" xlink:href="#a"/><rect id="c" width="9" fill="url(#b)"/></svg>`,
			`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><linearGradient id="logo-a"><stop offset="0" stop-color="#fff"/></linearGradient><linearGradient id="logo-b" href="#logo-a"/><rect width="9" fill="url(#logo-b)"/></svg>`},
	} {
		got, problems := logo(c.in)
		if len(problems) > 0 || got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s\n%v", c.name, got, c.want, problems)
		}
		if again, _ := logo(got); again != got {
			t.Errorf("%s: read again:\n%s", c.name, again)
		}
	}
}

func TestLogoRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, says string }{
		{"script", svgOpen + "\n§<script>alert(1)</script></svg>", "<script>"},
		{"script in capitals", svgOpen + `§<SCRIPT/></svg>`, "<SCRIPT>"},
		{"script of another space", svgOpen + `§<x:script xmlns:x="http://www.w3.org/1999/xhtml"/></svg>`, "<script>"},
		{"path of another space", svgOpen + `§<x:path xmlns:x="http://www.w3.org/1999/xhtml"/></svg>`, "<path>"},
		{"html", svgOpen + `§<a xmlns="http://www.w3.org/1999/xhtml" href="x"/></svg>`, "<a>"},
		{"style element", svgOpen + `§<style>*{}</style></svg>`, "<style>"},
		{"foreignObject", svgOpen + `§<foreignObject/></svg>`, "<foreignObject>"},
		{"image", svgOpen + `§<image href="x"/></svg>`, "<image>"},
		{"use", svgOpen + `§<use href="#a"/></svg>`, "<use>"},
		{"animation", svgOpen + `§<animate attributeName="href"/></svg>`, "<animate>"},
		{"set", svgOpen + `§<set attributeName="x"/></svg>`, "<set>"},
		{"link", svgOpen + `§<a href="https://x"/></svg>`, "<a>"},
		{"nested svg", svgOpen + `§<svg/></svg>`, "<svg>"},
		{"metadata", svgOpen + `§<metadata/></svg>`, "<metadata>"},
		{"text", svgOpen + `§MPP</svg>`, "teks"},
		{"element in a title", svgOpen + `<title>§<g/></title></svg>`, "teks saja"},
		{"handler", svgOpen + `<path d="M0 0" §onclick="alert(1)"/></svg>`, "skrip"},
		{"handler in capitals", svgOpen + `<path §ONCLICK="alert(1)"/></svg>`, "skrip"},
		{"style attribute", svgOpen + `<path §style="fill:url(//x)"/></svg>`, "style"},
		{"outer url", svgOpen + `<path §fill="url(https://x)"/></svg>`, "luar berkas"},
		{"quoted url", svgOpen + `<path §fill="url('#a')"/></svg>`, "luar berkas"},
		{"URL", svgOpen + `<path §fill="URL(#a)"/></svg>`, "luar berkas"},
		{"escaped url", svgOpen + `<path §fill="u\72l(#a)"/></svg>`, "tanda yang tidak boleh"},
		{"data", svgOpen + `<linearGradient §href="data:image/svg+xml,x"/></svg>`, "luar berkas"},
		{"javascript", svgOpen + `<linearGradient §xlink:href="javascript:x"/></svg>`, "luar berkas"},
		{"href on a path", svgOpen + `<path id="a" §href="#a"/></svg>`, "luar berkas"},
		{"function", svgOpen + `<path §fill="image-set(a)"/></svg>`, "image-set(...)"},
		{"unknown attribute", svgOpen + `<path §tabindex="1"/></svg>`, "tabindex"},
		{"attribute of another space", svgOpen + `<path xmlns:x="urn:x" §x:fill="red"/></svg>`, "fill"},
		{"attribute twice", svgOpen + `<path fill="red" §fill="blue"/></svg>`, "dua kali"},
		{"id twice", svgOpen + `<path id="a"/><path §id="a"/></svg>`, "sudah dipakai"},
		{"id form", svgOpen + `<path §id="a b"/></svg>`, "nama yang sah"},
		{"nothing there", svgOpen + `<path §fill="url(#a)"/></svg>`, "tidak ada bagian"},
		{"doctype", "§<!DOCTYPE svg [<!ENTITY a \"b\">]>" + svgOpen + `</svg>`, "DOCTYPE"},
		{"entity", svgOpen + `<title>&a;§</title></svg>`, "entity"},
		{"stylesheet", `§<?xml-stylesheet href="x"?>` + svgOpen + `</svg>`, "xml-stylesheet"},
		{"not closed", svgOpen + `<path/>§`, "unexpected EOF"},
		{"not SVG", `§<html/>`, "harus diawali"},
		{"no space", `§<svg viewBox="0 0 1 1"/>`, "harus diawali"},
		{"no viewBox", `§<svg xmlns="http://www.w3.org/2000/svg"/>`, "viewBox"},
		{"empty", "§", "tidak memuat gambar"},
		{"NUL", svgOpen + "§\x00</svg>", "U+0000"},
		{"deep", svgOpen + strings.Repeat("<g>", maxLogoDeep) + "§<g>" + strings.Repeat("</g>", maxLogoDeep+1) + "</svg>", "terlalu rumit"},
		{"many", svgOpen + strings.Repeat("<g/>", maxLogoTags-1) + "§<g/></svg>", "terlalu rumit"},
	} {
		in, line, column := unmark(c.in)
		got, problems := logo(in)
		if got != "" {
			t.Errorf("%s: taken: %s", c.name, got)
		}
		found := false
		for _, p := range problems {
			if strings.Contains(p.Message, c.says) {
				found = true
				if p.Line != line || p.Column != column {
					t.Errorf("%s: at %d:%d, want %d:%d: %s", c.name, p.Line, p.Column, line, column, p.Message)
				}
			}
		}
		if !found {
			t.Errorf("%s: nothing says %q: %v", c.name, c.says, problems)
		}
	}
}

// What stands inside something refused is not refused again: one mistake, one line.
func TestLogoTellsOnce(t *testing.T) {
	_, problems := logo(svgOpen + `<foreignObject><body onload="x"><script>y</script></body></foreignObject></svg>`)
	if len(problems) != 1 {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
}

func TestEmbeddedCrestsArePlain(t *testing.T) {
	names, _ := filepath.Glob("regions/*/logo.svg")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, problems := logo(string(text)); got == "" {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func FuzzLogo(f *testing.F) {
	f.Add([]byte(testLogo))
	f.Add([]byte(svgOpen + `<linearGradient id="a"/><path fill="url(#a)" style="x" onclick='y'/></svg>`))
	f.Add([]byte("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><title>&#60;script></title></svg>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, problems := logo(string(text))
		if (got == "") != (len(problems) > 0) {
			t.Fatalf("got %q with %v", got, problems)
		}
		if got == "" {
			return
		}
		if again, problems := logo(got); again != got {
			t.Fatalf("%q read again is %q, %v", got, again, problems)
		}
		dec := xml.NewDecoder(strings.NewReader(got))
		for {
			tok, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %q", err, got)
			}
			if e, ok := tok.(xml.StartElement); ok {
				for _, a := range e.Attr {
					if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || strings.ContainsAny(a.Value, `\<>"'`) && a.Name.Local != "xmlns" {
						t.Fatalf("%s=%q in %q", a.Name.Local, a.Value, got)
					}
				}
			}
		}
	})
}

func logo(text string) (string, Problems) {
	var c collector
	got := readLogo([]byte(text), newDocument(logoFile, c.add))
	return got, c.done()
}
