package areas

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pendopo-id/pendopo/tenants/areas/spell"
)

// maxQuery bounds what Search reads of a query, in bytes; no name is half as long.
const maxQuery = 100

// entry is one way to write a seat: folded, as one word, and as its words.
type entry struct {
	seat  int // in tables.seats
	key   string
	words []string
}

// makeIndex lists every way to write each seat: its bare name, its name with either form of its kind,
// the everyday spellings, and for Jakarta its six administrative regencies.
func makeIndex(t *tables) ([]entry, map[string][]int) {
	var index []entry
	type way struct {
		seat int
		key  string
	}
	seen := map[way]bool{}
	add := func(seat int, name string) {
		e := entry{seat: seat, key: spell.Fold(name), words: spell.Words(name)}
		if w := (way{seat, e.key}); !seen[w] {
			seen[w] = true
			index = append(index, e)
		}
	}
	for i, s := range t.seats {
		bare := bareName(s.Name)
		add(i, bare)
		add(i, s.Name)
		switch s.Kind {
		case Kabupaten:
			add(i, "Kab "+bare)
		case Provinsi:
			add(i, "Jakarta")
			add(i, "DKI Jakarta")
			for _, p := range t.provinces {
				if p.Code == s.Province {
					add(i, p.Name)
					add(i, "Provinsi "+p.Name)
				}
			}
			for _, r := range t.regencies {
				if r.Province == s.Province {
					add(i, bareName(r.Name))
					add(i, string(r.Kind)+" "+bareName(r.Name))
					add(i, r.Name)
				}
			}
		}
	}
	// Sorted, so that the order of a map never decides an order of results.
	for _, name := range slices.Sorted(maps.Keys(spellings)) {
		for _, code := range spellings[name] {
			add(t.seatAt[code], name)
		}
	}

	places := map[string][]int{}
	for _, d := range t.districts {
		code := d.Regency
		if strings.HasPrefix(code, Jakarta) {
			code = Jakarta
		}
		key, seat := spell.Fold(d.Name), t.seatAt[code]
		if !slices.Contains(places[key], seat) {
			places[key] = append(places[key], seat)
		}
	}
	return index, places
}

// How well an entry answers; lower is better. Within one, the shorter name comes first: "Bangka"
// before "Bangka Barat".
const (
	exact      = iota // the same word
	begun             // begins with the query as whole words: "Bangka Barat" for "bangka"
	prefixed          // begins with the query: "Bangkalan"
	worded            // every word of the query begins a word of the name
	inProvince        // the query is the province's name
	contained         // stands inside one of the name's words
	near              // a slip or two away
	placed            // the query is one of its districts
	none
)

// Search finds seats by name as people write them, best first, at most limit (0 or less: all). Case,
// spaces, hyphens and diacritics do not matter; "kab", "kabupaten" and "kota" narrow; everyday names
// ("Jogja", "PALI", "Babar") and the six of Jakarta are known; a code finds its seat; a province finds
// its seats; a district's name finds its seat where no region is called so; and when nothing is written
// so, the names a slip or two away are given. An empty query finds nothing.
func Search(query string, limit int) []Seat {
	if len(query) > maxQuery {
		// Cut between runes, so that folding meets no half sign.
		for query = query[:maxQuery]; len(query) > 0 && !utf8.ValidString(query); {
			query = query[:len(query)-1]
		}
	}
	t := load()
	if s, ok := SeatFor(strings.TrimSpace(query)); ok {
		return []Seat{s}
	}
	words := spell.Words(query)
	for i, w := range words {
		if long, ok := shortWords[w]; ok && (len(words) > 1 || w != "kab") {
			words[i] = long
		}
	}
	found := t.rank(words, false)
	if len(found) == 0 && len(words) > 1 && (words[0] == "kabupaten" || words[0] == "kota") {
		// "Kabupaten Surabaya": the wrong kind should not hide the only one of that name.
		found = t.rank(words[1:], false)
	}
	if len(found) == 0 {
		found = t.rank(words, true)
	}
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	return found
}

// rank answers a query given as words; with slips it also takes names that are only near.
func (t *tables) rank(words []string, slips bool) []Seat {
	q := strings.Join(words, "")
	if q == "" {
		return nil
	}
	best := make([]hit, len(t.seats))
	for i := range best {
		best[i] = hit{seat: i, tier: none}
	}
	any := false
	note := func(seat, tier, size int) {
		any = true
		if h := (hit{seat, tier, size}); h.less(best[seat]) {
			best[seat] = h
		}
	}
	for _, e := range t.index {
		if tier := e.match(q, words); tier < none {
			note(e.seat, tier, len(e.key))
		}
	}
	for _, p := range t.provinces {
		name, short := spell.Fold(p.Name), spell.Fold(p.Short)
		if q == short || len(q) >= 4 && (strings.HasPrefix(name, q) || strings.HasPrefix(strings.TrimPrefix(name, "kepulauan"), q)) {
			for i, s := range t.seats {
				if s.Province == p.Code {
					note(i, inProvince, len(s.Name))
				}
			}
		}
	}
	if !any {
		for _, seat := range t.places[q] {
			note(seat, placed, 0)
		}
	}
	if slips {
		slack := spell.Slack(utf8.RuneCountInString(q))
		for _, e := range t.index {
			// The lengths alone tell for most: spares a hostile query's cost.
			if gap := len(e.key) - len(q); gap > slack || -gap > 4*slack {
				continue
			}
			if d := spell.Distance(q, e.key); d <= slack {
				note(e.seat, near, d)
			}
		}
	}
	best = slices.DeleteFunc(best, func(h hit) bool { return h.tier == none })
	slices.SortStableFunc(best, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.tier, b.tier), cmp.Compare(a.size, b.size))
	})
	var seats []Seat
	for _, h := range best {
		seats = append(seats, t.seats[h.seat])
	}
	return seats
}

// hit is a seat's best answer so far.
type hit struct{ seat, tier, size int }

func (h hit) less(o hit) bool { return h.tier < o.tier || h.tier == o.tier && h.size < o.size }

// match tells how e answers a query, given as one word and as its words.
func (e entry) match(q string, words []string) int {
	switch {
	case e.key == q:
		return exact
	case strings.HasPrefix(e.key, q):
		joined := ""
		for _, w := range e.words {
			if joined += w; joined == q {
				return begun
			}
		}
		return prefixed
	case begins(e.words, words):
		return worded
	case len(q) >= 4 && slices.ContainsFunc(e.words, func(w string) bool { return strings.Contains(w, q) }):
		return contained
	}
	return none
}

// begins tells whether every word of the query begins a word of its own in the name, in any order.
func begins(name, query []string) bool {
	if len(query) > len(name) {
		return false
	}
	used := make([]bool, len(name))
next:
	for _, q := range query {
		for i, w := range name {
			if !used[i] && strings.HasPrefix(w, q) {
				used[i] = true
				continue next
			}
		}
		return false
	}
	return true
}
