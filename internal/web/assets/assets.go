// Package assets holds the files that every page needs: styles, fonts, scripts and pictures, embedded in the
// binary and served under URLs that carry a hash of their content, so that a phone fetches each once.
//
// Citizens' pages load one stylesheet, two fonts and at most one small script of our own; htmx (16 KB) is for
// the staff's pages. The package knows nothing of HTTP: the web kit serves what Find gives.
package assets

import (
	"bytes"
	"compress/gzip"
	"embed"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed css js fonts img icons.svg
var files embed.FS

// Prefix is where all assets live: "/_/<hash>/<name>".
const Prefix = "/_/"

// How long a browser may keep an asset. A URL that carries another build's hash still answers, with
// what we have, so that a page from before a rolling update keeps its style; it is just not kept.
const (
	immutable = "public, max-age=31536000, immutable"
	fleeting  = "no-cache"
)

// Asset is one file as it goes over the wire. The slices are shared: do not write to them.
type Asset struct {
	Name         string // "citizen.css"
	ContentType  string
	CacheControl string
	ETag         string // weak: the encodings share it
	Raw          []byte
	Gzip         []byte // nil where compressing does not help (fonts)
	Brotli       []byte // likewise
}

// Encoded chooses the smallest form that the client takes, by its Accept-Encoding header. The
// encoding is "br", "gzip" or "" for the plain bytes.
func (a Asset) Encoded(accept string) (body []byte, encoding string) {
	switch {
	case a.Brotli != nil && Accepts(accept, "br"):
		return a.Brotli, "br"
	case a.Gzip != nil && Accepts(accept, "gzip"):
		return a.Gzip, "gzip"
	}
	return a.Raw, ""
}

// Accepts tells whether an Accept-Encoding header takes a coding by its name.
func Accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) != coding {
			continue
		}
		q = strings.TrimPrefix(strings.TrimSpace(q), "q=")
		return q == "" || strings.Trim(q, "0.") != ""
	}
	return false
}

// URL gives the address of an asset. It panics on a name that does not exist, which a test of any page
// that uses it would find.
func URL(name string) string {
	e := manifest()[name]
	if e == nil {
		panic("assets: no asset is called " + name)
	}
	return e.url
}

// Has tells whether there is an asset of that name.
func Has(name string) bool { return manifest()[name] != nil }

// Find gives the asset at a path that URL made. Any hash will do, see fleeting.
func Find(path string) (Asset, bool) {
	rest, ok := strings.CutPrefix(path, Prefix)
	if !ok {
		return Asset{}, false
	}
	_, name, ok := strings.Cut(rest, "/")
	e := manifest()[name]
	if !ok || e == nil {
		return Asset{}, false
	}
	e.compress()
	a := e.asset
	if path != e.url {
		a.CacheControl = fleeting
	}
	return a, true
}

// Warm compresses everything now, in the background of a start, and not at each file's first request.
func Warm() {
	var wg sync.WaitGroup
	for _, e := range manifest() {
		wg.Go(e.compress)
	}
	wg.Wait()
}

// manifest is made on first use, in about 2 ms. A mistake in it is one of the source and stops the process.
var manifest = sync.OnceValue(build)

// entry is an asset in the manifest; its compressed forms are made once, when it is first asked for.
type entry struct {
	url   string
	asset Asset
	once  sync.Once
}

// compress costs 1 to 10 ms a file, once a process. Measured for all files together on 2 cores: level 5 takes
// 55 ms, 7 takes 85 and saves 1.5 %, 9 takes 190 for another 0.3 %, 11 would take a second.
func (e *entry) compress() {
	e.once.Do(func() {
		if e.asset.ContentType == "font/woff2" {
			return // brotli already
		}
		var br, gz bytes.Buffer
		b := brotli.NewWriterLevel(&br, 7)
		_, _ = b.Write(e.asset.Raw) // a bytes.Buffer does not fail
		_ = b.Close()
		g, _ := gzip.NewWriterLevel(&gz, gzip.BestCompression)
		_, _ = g.Write(e.asset.Raw)
		_ = g.Close()
		e.asset.Brotli, e.asset.Gzip = br.Bytes(), gz.Bytes()
	})
}
