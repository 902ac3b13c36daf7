// Package i18n speaks to people in their language: Bahasa Indonesia first, English complete.
//
// Each vertical keeps its sentences in a text.yaml beside its code, both languages of a sentence under one
// key, so that they cannot drift apart, and registers the file when the program starts:
//
//	queue.ahead: {id: "%d orang di depan Anda", en: {one: "%d person ahead of you", other: "%d people ahead of you"}}
//
//	//go:embed text.yaml
//	var text []byte
//	var _ = i18n.Register("internal/queue/text.yaml", text)
//
// A Printer prints them, and numbers, days, times and Rupiah, as its locale writes them. A missing key
// prints as "[key]"; Check finds such mistakes in a test.
package i18n

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/goccy/go-yaml"
)

// Locale is a language of the pages.
type Locale string

// The two locales. The zero Locale counts as Indonesian.
const (
	ID Locale = "id"
	EN Locale = "en"
)

// Locales are all locales, the default first.
var Locales = []Locale{ID, EN}

func (l Locale) index() int {
	if l == EN {
		return 1
	}
	return 0
}

// Other is the locale that a switch on the page leads to.
func (l Locale) Other() Locale {
	if l == EN {
		return ID
	}
	return EN
}

// entry is one key with its sentence in each locale, in the order of Locales.
type entry struct {
	source string
	texts  [2]message
}

var (
	catalogue  atomic.Pointer[map[string]*entry] // replaced as a whole, so that reading takes no lock
	registerMu sync.Mutex
)

// Register adds a file's sentences. It belongs into a package variable; a malformed file, a missing language, an
// unknown verb or a key that another file has already panics with the file and the key, before anything is
// served. Source is the file's path in the repository, for such messages.
func Register(source string, data []byte) struct{} {
	var file map[string]struct {
		ID message `yaml:"id"`
		EN message `yaml:"en"`
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		panic(fmt.Sprintf("i18n: %s: %v", source, err))
	}
	registerMu.Lock()
	defer registerMu.Unlock()
	next := map[string]*entry{}
	if old := catalogue.Load(); old != nil {
		for k, v := range *old {
			next[k] = v
		}
	}
	for key, m := range file {
		if was, ok := next[key]; ok {
			panic(fmt.Sprintf("i18n: %s: %s is in %s already", source, key, was.source))
		}
		e := &entry{source: source, texts: [2]message{m.ID, m.EN}}
		if e.texts[0].empty() || e.texts[1].empty() {
			panic(fmt.Sprintf("i18n: %s: %s needs both id and en", source, key))
		}
		next[key] = e
	}
	catalogue.Store(&next)
	return struct{}{}
}

// Has tells whether a key is registered.
func Has(key string) bool { return lookup(key) != nil }

func lookup(key string) *entry {
	if all := catalogue.Load(); all != nil {
		return (*all)[key]
	}
	return nil
}

// Keys are all registered keys, sorted.
func Keys() []string {
	all := catalogue.Load()
	if all == nil {
		return nil
	}
	keys := make([]string, 0, len(*all))
	for k := range *all {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// T gives the sentence for a key. Verbs are %s (a string, a fmt.Stringer or an error), %d (an integer, with the
// locale's thousands), %.2f (a decimal), %% and their indexed forms, %[2]s. A number that must not be
// grouped, such as a year, is a %s. The first integer among the arguments chooses the plural.
func (p *Printer) T(key string, args ...any) string {
	e := lookup(key)
	if e == nil {
		return "[" + key + "]"
	}
	return e.texts[p.locale.index()].print(p, args)
}

// firstInteger is the number that decides between one and other.
func firstInteger(args []any) (int64, bool) {
	for _, a := range args {
		if n, ok := integer(a); ok {
			return n, true
		}
	}
	return 0, false
}

func integer(a any) (int64, bool) {
	switch n := a.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case int32:
		return int64(n), true
	case int16:
		return int64(n), true
	case uint8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint32:
		return int64(n), true
	}
	if v := reflect.ValueOf(a); v.IsValid() && v.CanInt() { // type Position int
		return v.Int(), true
	}
	return 0, false
}

func text(a any) string {
	switch s := a.(type) {
	case string:
		return s
	case fmt.Stringer:
		return s.String()
	case error:
		return s.Error()
	}
	return strings.TrimSpace(fmt.Sprint(a))
}
