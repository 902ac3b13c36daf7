package assets

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestEveryAssetCanBeFetched(t *testing.T) {
	for name := range manifest() {
		u := URL(name)
		if !regexp.MustCompile(`^/_/[0-9a-f]{10}/[a-z0-9.-]+$`).MatchString(u) {
			t.Errorf("URL(%s) = %s", name, u)
		}
		a, ok := Find(u)
		if !ok || a.Name != name || len(a.Raw) == 0 || a.ContentType == "" || a.ETag == "" {
			t.Errorf("Find(%s) = %+v, %v", u, a.Name, ok)
		}
		if a.CacheControl != immutable {
			t.Errorf("%s: Cache-Control %s", u, a.CacheControl)
		}
		if path.Ext(name) == ".woff2" {
			if a.Brotli != nil || a.Gzip != nil {
				t.Errorf("%s is compressed twice", name)
			}
			continue
		}
		for encoding, r := range map[string]io.Reader{"br": brotli.NewReader(bytes.NewReader(a.Brotli)), "gzip": unzip(t, a.Gzip)} {
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, a.Raw) {
				t.Errorf("%s %s: %d bytes, %v; want %d", name, encoding, len(got), err, len(a.Raw))
			}
		}
		if len(a.Brotli) >= len(a.Gzip) || len(a.Gzip) >= len(a.Raw) {
			t.Errorf("%s: raw %d, gzip %d, br %d", name, len(a.Raw), len(a.Gzip), len(a.Brotli))
		}
	}
}

func unzip(t *testing.T, b []byte) io.Reader {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFind(t *testing.T) {
	if a, ok := Find("/_/0123456789/citizen.css"); !ok || a.CacheControl != fleeting {
		t.Errorf("another build's hash: %v, %s; want the file, not kept", ok, a.CacheControl)
	}
	for _, p := range []string{"", "/", "/_/", "/_/x", "/_/x/", "/_/x/nothing.css", "/_/x/../citizen.css", "/_/x/css/base.css", "/citizen.css"} {
		if _, ok := Find(p); ok {
			t.Errorf("Find(%q) gave something", p)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("URL of a name that does not exist did not panic")
		}
	}()
	URL("nothing.css")
}

func TestEncoded(t *testing.T) {
	a := Asset{Raw: []byte("r"), Gzip: []byte("g"), Brotli: []byte("b")}
	for accept, want := range map[string]string{
		"": "", "gzip, deflate, br, zstd": "br", "gzip": "gzip", "br;q=0, gzip;q=0.5": "gzip", "br ; q=0.000": "", "brotli": "",
		"identity": "", "gzip;q=1.0,br;q=0.1": "br",
	} {
		if _, got := a.Encoded(accept); got != want {
			t.Errorf("Encoded(%q) = %q, want %q", accept, got, want)
		}
	}
	if body, enc := (Asset{Raw: []byte("r")}).Encoded("br"); string(body) != "r" || enc != "" {
		t.Errorf("a font is served as %q %q", body, enc)
	}
}

// TestSheets holds what the joining of lines relies on, and what the CSP asks for.
func TestSheets(t *testing.T) {
	err := fs.WalkDir(files, "css", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src := cssComment.ReplaceAll(read(name), nil)
		for i, line := range strings.Split(string(src), "\n") {
			line = strings.TrimSpace(line)
			if line != "" && !strings.ContainsRune("{};,", rune(line[len(line)-1])) {
				t.Errorf("%s:%d ends in the middle of something: %.60s", name, i+1, line)
			}
		}
		if bytes.Count(src, []byte("{")) != bytes.Count(src, []byte("}")) {
			t.Errorf("%s: braces do not match", name)
		}
		if regexp.MustCompile(`@import|https?:|expression\(|javascript:`).Match(src) {
			t.Errorf("%s fetches or runs something", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range bundles {
		if path.Ext(name) != ".css" {
			continue
		}
		a, _ := Find(URL(name))
		for _, m := range cssURL.FindAllSubmatch(a.Raw, -1) {
			if _, ok := Find(string(m[1])); !ok {
				t.Errorf("%s: url(%s) is not served", name, m[1])
			}
		}
		if bytes.Contains(a.Raw, []byte("/*")) {
			t.Errorf("%s has a comment left", name)
		}
	}
}

// TestScripts: nothing that the CSP forbids, and comments stand on lines of their own.
func TestScripts(t *testing.T) {
	for name, sources := range bundles {
		if path.Ext(name) != ".js" {
			continue
		}
		a, _ := Find(URL(name))
		if m := regexp.MustCompile("\\beval\\b|new Function|setTimeout\\([\"'`]|document\\.write|\\.style\\b|/\\*|`|://").Find(a.Raw); m != nil {
			t.Errorf("%s has %q", name, m)
		}
		if len(a.Brotli) > 3<<10 {
			t.Errorf("%s is %d bytes; our scripts are tiny", name, len(a.Brotli))
		}
		for _, s := range sources {
			if !bytes.HasPrefix(read(s), []byte("//")) {
				t.Errorf("%s does not say what it is", s)
			}
		}
	}
}

func TestSymbols(t *testing.T) {
	if len(Icons()) < 40 {
		t.Fatalf("only %d icons", len(Icons()))
	}
	for _, name := range Icons() {
		s, _ := Symbol(name)
		d, _ := Drawing(name)
		if !strings.HasSuffix(s, "</symbol>") || !strings.HasPrefix(d, "<path") && !strings.HasPrefix(d, "<circle") || strings.Contains(d, "symbol") {
			t.Errorf("%s: %s", name, s)
		}
	}
	if _, ok := Symbol("nothing"); ok {
		t.Error("an unknown icon has a symbol")
	}
	raw, err := os.ReadFile("icons.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		line, _, _ = strings.Cut(line, "#")
		for _, name := range strings.Fields(line) {
			if _, ok := Symbol(name); !ok {
				t.Errorf("icons.txt names %s, which is not in icons.svg: run scripts/vendor-assets", name)
			}
		}
	}
}

// TestBudget: what a phone fetches for the region's home, besides the page itself and the crest, must leave
// room in 60 KB. So must a board's and a kiosk's.
func TestBudget(t *testing.T) {
	for page, names := range map[string][]string{
		"region home": {"citizen.css", "pjs-400.woff2", "pjs-700.woff2", "search.js", "motif.svg", "mark.svg"},
		"ticket":      {"citizen.css", "pjs-400.woff2", "pjs-700.woff2", "live.js", "motif.svg", "mark.svg"},
		"platform":    {"platform.css", "pjs-400.woff2", "pjs-700.woff2", "search.js", "motif.svg", "mark.svg"},
		"board":       {"board.css", "pjs-400.woff2", "pjs-700.woff2", "board.js", "motif.svg", "mark.svg"},
	} {
		total := 0
		for _, name := range names {
			a, _ := Find(URL(name))
			body, _ := a.Encoded("gzip, br")
			total += len(body)
		}
		t.Logf("%s: %d bytes", page, total)
		if total > 30<<10 {
			t.Errorf("%s: %d bytes of assets, at most 30 KB", page, total)
		}
	}
	for _, name := range []string{"citizen.css", "platform.css", "staff.css", "board.css", "kiosk.css", "print.css", "live.js", "board.js", "counter.js", "form.js", "search.js", "htmx.min.js", "motif.svg", "mark.svg"} {
		a, _ := Find(URL(name))
		t.Logf("%-13s raw %6d  gzip %6d  br %6d", name, len(a.Raw), len(a.Gzip), len(a.Brotli))
	}
}

// BenchmarkBuild is what a command that shows a page pays at its start; BenchmarkWarm is everything.
func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		build()
	}
}

func BenchmarkWarm(b *testing.B) {
	for b.Loop() {
		var wg sync.WaitGroup
		for _, e := range build() {
			wg.Go(e.compress)
		}
		wg.Wait()
	}
}
