package catalog_test

import (
	"io"
	"net/url"
	"regexp"
	"strings"
)

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// plain is a page's text, for messages.
func plain(src string) string {
	_, src, _ = strings.Cut(src, "<body")
	src, _, _ = strings.Cut(src, "<footer")
	return spaces.ReplaceAllString(tag.ReplaceAllString(src, " "), " ")
}

func queryEscape(s string) string { return url.QueryEscape(s) }

func copyAll(w io.Writer, r io.Reader) (int64, error) { return io.Copy(w, r) }
