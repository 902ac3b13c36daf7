package app_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/web"
)

// finding is something that the suite holds against a route.
type finding struct{ route, role, what, says string }

func (f finding) String() string { return f.route + " as " + f.role + ", " + f.what + ": " + f.says }

// judge asks every route in every way, as somebody of the first region, and holds against it what it shows and
// changes of the second.
type judge struct {
	w        *world
	mu       sync.Mutex // guards findings
	roles    []string
	findings []finding
	counts   map[string]int // requests, by what was asked for
	homes    int            // of them let in
	routes   int
	rows     int // comparisons of the other region's rows

	// In a build with a layer taken out; see isolation_layers_test.go.
	refuses bool              // SQLite's guard refuses to write, and that is the answer expected
	guarded int               // such answers at home
	whole   func(make func()) // runs what makes fixtures, with all layers in place; nil: as it is
}

// make makes what a request names.
func (j *judge) make(t *testing.T, c routeCase, s *side, role string) (out call) {
	t.Helper()
	if j.whole == nil {
		return c.call(t, s, role)
	}
	j.whole(func() { out = c.call(t, s, role) })
	return out
}

func newJudge(w *world) *judge { return &judge{w: w, roles: w.roles, counts: map[string]int{}} }

func (j *judge) hold(route, role, what, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.findings = append(j.findings, finding{route, role, what, fmt.Sprintf(format, args...)})
}

// nameOf is how the table calls a route.
func nameOf(r web.Route) string {
	name := r.Method + " " + r.Path
	if r.Kind != web.OnTenant {
		name = string(r.Kind) + " " + name
	}
	return name
}

// run asks all routes. Between fixtures, which the suite makes, nothing of the second region may change.
func (j *judge) run(t *testing.T, routes []web.Route, cases []routeCase) {
	t.Helper()
	byName := map[string]routeCase{}
	for _, c := range cases {
		byName[c.route] = c
	}
	table := map[string]web.Route{}
	for _, r := range routes {
		table[nameOf(r)] = r
		if _, ok := bareCases[nameOf(r)]; ok && r.Kind == web.OnBare {
			continue // the platform's people have no counterpart in a region: TestThePlatformAndRegionsAreApart walks these
		}
		if _, ok := byName[nameOf(r)]; !ok {
			j.hold(nameOf(r), public, "no case", "the suite does not know it: add to routeCases in internal/app/isolation_routes_test.go whom it lets in and a call that succeeds, with every identifier it takes; or to bareCases, whom of the platform's people it is for")
		}
	}
	for _, c := range cases {
		if r, ok := table[c.route]; ok {
			j.routes++
			j.route(t, r, c)
		} else {
			j.hold(c.route, public, "no route", "the suite has a case for it: take it out of routeCases in internal/app/isolation_routes_test.go")
		}
	}
	if said := j.w.log.String(); said != "" {
		for _, s := range []*side{j.w.a, j.w.b} {
			if found := s.seenInLog(said); found != "" {
				j.hold("the log", "anybody", "all requests", "a line shows %q", found)
			}
		}
	}
}

// ways in which a request is of one region in one thing and of the other in another.
const (
	atHome         = "own tenant"
	elsewhere      = "foreign tenant"
	foreignID      = "foreign identifier in the address"
	foreignBody    = "foreign identifier in the body"
	foreignAll     = "foreign identifiers everywhere"
	foreignHost    = "foreign host with own cookie"
	foreignDomain  = "foreign region's own domain with own session"
	foreignBearer  = "own host with foreign bearer"
	foreignCookie  = "own host with foreign cookie"
	foreignClaimed = "foreign host claimed in a header"
)

func (j *judge) route(t *testing.T, r web.Route, c routeCase) {
	t.Helper()
	a, b := j.w.a, j.w.b
	theirs := map[string]call{} // the other region's call, by role; one for all that do not need a session of their own
	for i, role := range j.roles {
		if one := theirs[j.roles[max(i-1, 0)]]; i > 1 && one.who == nil { // neither the public nor the one before had
			theirs[role] = one
		} else {
			theirs[role] = j.make(t, c, b, role)
		}
	}
	claims := append([]string{public}, c.as[:min(1, len(c.as))]...)
	look := func() (rows map[string]string) {
		t.Helper()
		read := func() { rows = snapshot(t, j.w.db, b.ID) }
		if j.whole == nil {
			read()
		} else {
			j.whole(read)
		}
		return rows
	}
	before := look()
	compare := func(what string, may []string) {
		t.Helper()
		j.rows++
		after := look()
		for _, table := range changed(before, after) {
			if !slices.Contains(may, table) {
				j.hold(nameOf(r), "anybody", what, "the other region's %s have changed", table)
			}
		}
		before = after
	}
	home, guarded := 0, j.guarded
	for _, role := range j.roles {
		other := theirs[role]
		own := j.make(t, c, a, role)
		fields := differing(own, other, c)
		again := func() call {
			if c.once {
				return j.make(t, c, a, role)
			}
			return own
		}
		for _, f := range fields {
			j.foreign(t, r, c, role, f, again(), other, f)
		}
		if len(fields) > 1 {
			j.foreign(t, r, c, role, field{in: "everywhere"}, again(), other, fields...)
		}
		if role != public && r.Kind == web.OnTenant {
			mine := again()
			j.strangers(t, r, c, role, mine, other)
		}
		if slices.Contains(claims, role) {
			j.claimed(t, r, c, role, again(), other, fields)
		}
		if c.stream {
			continue
		}
		// What was refused so far was good but for what was foreign in it: the same call succeeds now.
		if j.home(t, r, c, role, again()) {
			home++
		}
	}
	if home == 0 && !c.stream && !c.nobody && j.guarded == guarded {
		j.hold(nameOf(r), "anybody", atHome, "nobody is let in: the case's call is not one that succeeds")
	}
	j.homes += home
	compare("requests in the first region", nil)
	// At the other region's host, as a stranger.
	for _, role := range j.roles {
		if role == public || r.Kind != web.OnTenant {
			continue
		}
		j.abroad(t, r, c, role, theirs[role])
	}
	compare(foreignHost, c.leaves)
}

// field is one value of a call.
type field struct{ in, name string }

func (f field) of(c call) texts {
	return map[string]texts{"address": c.params, "query": c.query, "form": c.form, "json": c.json, "cookie": c.cookies}[f.in]
}

// differing are the values that are other ones in the other region.
func differing(own, other call, c routeCase) (out []field) {
	for _, in := range []string{"address", "query", "form", "json", "cookie"} {
		values := field{in: in}.of(own)
		for _, name := range slices.Sorted(maps.Keys(values)) {
			f := field{in, name}
			if values[name] != f.of(other)[name] && !slices.Contains(c.free, name) {
				out = append(out, f)
			}
		}
	}
	return out
}

// with puts the other's values into some fields of a call.
func (c call) with(other call, fields ...field) call {
	for _, m := range []*texts{&c.params, &c.query, &c.form, &c.json, &c.cookies} {
		*m = maps.Clone(*m)
	}
	for _, f := range fields {
		f.of(c)[f.name] = f.of(other)[f.name]
	}
	return c
}

// foreign asks with the other region's identifier.
func (j *judge) foreign(t *testing.T, r web.Route, c routeCase, role string, f field, own, other call, fields ...field) {
	t.Helper()
	what := map[string]string{"address": foreignID, "query": foreignID, "everywhere": foreignAll}[f.in]
	if what == "" {
		what = foreignBody
	}
	if r.Kind != web.OnTenant {
		return
	}
	res := j.ask(t, r, role, what, j.w.a, own.with(other, fields...), j.w.a.asker(own, role), nil)
	if res.refused() || j.refuses && res.status >= 500 {
		return
	}
	for _, f := range fields {
		if c.said[f.name] == res.status {
			return
		}
	}
	j.hold(nameOf(r), role, what, "%s %s of the other region is answered with %d %.200s", f.in, f.name, res.status, res.text)
}

// strangers asks at home with the other region's sessions.
func (j *judge) strangers(t *testing.T, r web.Route, c routeCase, role string, own, other call) {
	t.Helper()
	if c.stream && r.Permission == authz.Public {
		own = own.with(other, differing(own, other, c)...) // else it would begin
	}
	them := j.w.b.asker(other, role)
	if res := j.ask(t, r, role, foreignBearer, j.w.a, own, them, func(q *http.Request) {
		q.Header.Del("Cookie")
		q.Header.Set("Authorization", "Bearer "+them.bearer)
	}); res.status != http.StatusUnauthorized {
		j.hold(nameOf(r), role, foreignBearer, "answered with %d", res.status)
	}
	if c.once || r.Permission == authz.Public && r.Method != http.MethodGet {
		own = j.make(t, c, j.w.a, role) // done as the public, it is used up
	}
	res := j.ask(t, r, role, foreignCookie, j.w.a, own, nil, func(q *http.Request) { q.AddCookie(&http.Cookie{Name: "sid", Value: them.cookie}) })
	if r.Permission != authz.Public && !res.refused() && !(j.refuses && res.status >= 500) {
		j.hold(nameOf(r), role, foreignCookie, "answered with %d %.200s", res.status, res.text)
	}
	if res := j.ask(t, r, role, elsewhere, j.w.b, other, nil, func(q *http.Request) {
		q.Header.Set("Authorization", "Bearer "+j.w.a.people[role].bearer)
	}); res.status != http.StatusUnauthorized {
		j.hold(nameOf(r), role, elsewhere, "answered with %d", res.status)
	}
}

// claimed asks at home for what is the other region's, and says in other headers that this is its host.
func (j *judge) claimed(t *testing.T, r web.Route, c routeCase, role string, own, other call, fields []field) {
	t.Helper()
	if r.Kind == web.OnTenant && c.stream && len(fields) == 0 && role != public {
		return // it would begin
	}
	host := j.w.b.Host("localhost")
	for _, header := range []string{"X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded", "X-Forwarded-Server"} {
		value := host
		if header == "Forwarded" {
			value = "host=" + host
		}
		asked := own
		if len(fields) > 0 {
			asked = own.with(other, fields...)
		} else if r.Method != http.MethodGet {
			return // nothing in it is the other region's, and it would be done five times
		}
		res := j.ask(t, r, role, foreignClaimed, j.w.a, asked, j.w.a.asker(own, role), func(q *http.Request) { q.Header.Set(header, value) })
		said := false
		for _, f := range fields {
			said = said || c.said[f.name] == res.status
		}
		if len(fields) > 0 && !res.refused() && !said && !(j.refuses && res.status >= 500) {
			j.hold(nameOf(r), role, foreignClaimed, "%s is believed: %d %.200s", header, res.status, res.text)
		}
	}
}

// abroad asks at the other region's host with a cookie of one's own. Who does is the public there: what is for
// everyone is answered, about that region, and nothing else.
func (j *judge) abroad(t *testing.T, r web.Route, c routeCase, role string, other call) {
	t.Helper()
	a, b := j.w.a, j.w.b
	asked := other
	if r.Permission == authz.Public && (r.Method != http.MethodGet || c.stream || c.once) {
		asked = j.make(t, c, a, role) // of what is theirs, the public may do some things too
	}
	res := j.send(t, r, b, asked, nil, func(q *http.Request) { q.AddCookie(&http.Cookie{Name: "sid", Value: a.people[role].cookie}) })
	j.counts[foreignHost]++
	if found := a.seenIn(res.shown, typed(asked)); found != "" {
		j.hold(nameOf(r), role, foreignHost, "%d shows %q of the region from which the cookie is", res.status, found)
	}
	if r.Permission != authz.Public && !res.refused() && !(j.refuses && res.status >= 500) {
		j.hold(nameOf(r), role, foreignHost, "answered with %d %.200s", res.status, res.text)
	}
	j.ownDomain(t, r, c, role, other)
}

// ownDomain asks at the domain that the other region has proved to be its own, with a session of this region. What is
// for everyone was asked at its host already, and is asked here where it does nothing.
func (j *judge) ownDomain(t *testing.T, r web.Route, c routeCase, role string, other call) {
	t.Helper()
	if c.stream || r.Permission == authz.Public && (r.Method != http.MethodGet || c.once) {
		return
	}
	a, b := j.w.a, j.w.b
	at := func(change func(*http.Request)) answer {
		j.counts[foreignDomain]++
		res := j.send(t, r, b, other, nil, func(q *http.Request) {
			q.Host = b.domain
			change(q)
		})
		if found := a.seenIn(res.shown, typed(other)); found != "" {
			j.hold(nameOf(r), role, foreignDomain, "%d shows %q of the region from which the session is", res.status, found)
		}
		return res
	}
	res := at(func(q *http.Request) { q.AddCookie(&http.Cookie{Name: "sid", Value: a.people[role].cookie}) })
	// Staff are led to the region's own host, where they are nobody.
	led := res.status == http.StatusSeeOther && strings.HasPrefix(res.header.Get("Location"), "http://"+b.Host("localhost")+"/")
	if r.Permission != authz.Public && !res.refused() && !led && !(j.refuses && res.status >= 500) {
		j.hold(nameOf(r), role, foreignDomain, "a cookie is answered with %d %.200s", res.status, res.text)
	}
	res = at(func(q *http.Request) {
		q.Header.Del("Cookie")
		q.Header.Set("Authorization", "Bearer "+a.people[role].bearer)
	})
	led = res.status == http.StatusSeeOther && strings.HasPrefix(res.header.Get("Location"), "http://"+b.Host("localhost")+"/")
	if !res.refused() && !led && !(j.refuses && res.status >= 500) {
		j.hold(nameOf(r), role, foreignDomain, "a bearer is answered with %d %.200s", res.status, res.text)
	}
}

// home asks in one's own region, and tells whether one was let in.
func (j *judge) home(t *testing.T, r web.Route, c routeCase, role string, own call) bool {
	t.Helper()
	res := j.ask(t, r, role, atHome, j.w.a, own, j.w.a.asker(own, role), nil)
	switch {
	case j.refuses && res.status >= 500:
		j.guarded++
	case slices.Contains(c.as, role):
		if !res.succeeded(c.news) {
			j.hold(nameOf(r), role, atHome, "is to be let in and is answered with %d %s %.300s", res.status, res.header.Get("Location"), res.text)
			return false
		}
		return true
	case !j.may(r, role) && !res.refused():
		j.hold(nameOf(r), role, atHome, "has no right and is answered with %d %.200s", res.status, res.text)
	case res.status >= 500:
		j.hold(nameOf(r), role, atHome, "answered with %d %.200s", res.status, res.text)
	}
	return false
}

// may tells whether a role has a route's permission.
func (j *judge) may(r web.Route, role string) bool {
	if role == public {
		return r.Permission == authz.Public
	}
	return authz.NewActor(authz.Identity{}, []authz.Grant{{Role: role, Scope: "id"}}).Can(r.Permission, "id")
}

// asker is with whose session a call is made.
func (s *side) asker(c call, role string) *person {
	if role == public {
		return nil
	}
	if c.who != nil {
		return c.who
	}
	return s.people[role]
}

// answer is what came back, decoded.
type answer struct {
	status int
	header http.Header
	text   string
	shown  string // all of it: headers and body, decoded in each way that a browser or a program would
}

// refused tells whether an answer lets nobody in: a status for it, or the way to the page on which one signs in.
func (a answer) refused() bool {
	at := a.header.Get("Location")
	return a.status == 401 || a.status == 403 || a.status == 404 || a.status == 303 && (at == "/masuk" || strings.HasPrefix(at, "/masuk?next="))
}

// succeeded tells whether what was asked for was given or done.
func (a answer) succeeded(news []string) bool {
	if a.status >= 200 && a.status < 300 {
		return true
	}
	at, err := url.Parse(a.header.Get("Location"))
	if a.status != http.StatusSeeOther || err != nil || a.refused() || at.Path == web.ProvePath && at.RawQuery != "" || at.Path == web.EnrolPath {
		return false
	}
	word := at.Query().Get("kabar")
	return word == "" && len(news) == 0 || slices.Contains(news, word) || word == "sandi-baru"
}

// ask sends a request of the first region's and holds against the route what the answer shows of the second.
func (j *judge) ask(t *testing.T, r web.Route, role, what string, at *side, c call, who *person, change func(*http.Request)) answer {
	t.Helper()
	j.counts[what]++
	res := j.send(t, r, at, c, who, change)
	if at == j.w.b {
		return res
	}
	if found := j.w.b.seenIn(res.shown, typed(c)); found != "" {
		j.hold(nameOf(r), role, what, "%d shows %q of the other region", res.status, found)
	}
	if res.status >= 500 && !j.refuses {
		j.hold(nameOf(r), role, what, "answered with %d %.200s", res.status, res.text)
	}
	return res
}

func (j *judge) send(t *testing.T, r web.Route, at *side, c call, who *person, change func(*http.Request)) answer {
	t.Helper()
	req := j.request(r, at, c, who)
	if change != nil {
		change(req)
	}
	res, err := j.w.ap.Web.Test(req)
	if errors.Is(err, io.ErrUnexpectedEOF) || err != nil && strings.HasSuffix(err.Error(), io.ErrUnexpectedEOF.Error()) {
		return answer{status: http.StatusOK, header: http.Header{}, text: "(a stream begins)"} // there is no network for it
	}
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, res, raw)
}

// request is a call as a browser would send it, and of the API as a program would.
func (j *judge) request(r web.Route, at *side, c call, who *person) *http.Request {
	path := r.Path
	for name, value := range c.params {
		if name == "*" {
			path = strings.Replace(path, "*", value, 1)
		}
		path = strings.Replace(path, ":"+name, url.PathEscape(value), 1)
	}
	if len(c.query) > 0 {
		path += "?" + valuesOf(c.query).Encode()
	}
	var body io.Reader
	kind := ""
	switch {
	case c.json != nil:
		said := map[string]any{}
		for name, value := range c.json {
			if said[name] = value; strings.HasPrefix(value, "[") || name == "version" { // a list, or a number
				said[name] = json.RawMessage(value)
			}
		}
		text, _ := json.Marshal(said)
		body, kind = bytes.NewReader(text), "application/json"
	case c.form != nil:
		body, kind = strings.NewReader(valuesOf(c.form).Encode()), "application/x-www-form-urlencoded"
	}
	req := httptest.NewRequest(r.Method, path, body)
	if req.Host = at.Host("localhost"); r.Kind == web.OnBare {
		req.Host = "localhost"
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, value := range c.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	req.Header.Set("Accept-Encoding", []string{"br", "gzip", "identity"}[j.total()%3])
	if strings.HasPrefix(r.Path, "/api/") {
		if who != nil {
			req.Header.Set("Authorization", "Bearer "+who.bearer)
		}
		return req
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if who != nil {
		req.AddCookie(&http.Cookie{Name: "sid", Value: who.cookie})
	}
	return req
}

func (j *judge) total() (n int) {
	for _, k := range j.counts {
		n += k
	}
	return n
}

func valuesOf(m texts) url.Values {
	v := url.Values{}
	for name, value := range m {
		v.Set(name, value)
	}
	return v
}

// typed are the values that the caller sent: these may come back to the caller.
func typed(c call) (out []string) {
	for _, m := range []texts{c.params, c.query, c.form, c.json, c.cookies} {
		for _, v := range m {
			out = append(out, v)
		}
	}
	return out
}

var (
	escaped = regexp.MustCompile(`\\u[0-9a-fA-F]{4}`)
	words   = regexp.MustCompile(`[A-Za-z0-9_-]{7,}`)
)

// decoded reads an answer as whoever gets it does: unpacked, and its escapes resolved.
func decoded(t *testing.T, res *http.Response, raw []byte) answer {
	t.Helper()
	var from io.Reader = bytes.NewReader(raw)
	switch coding := res.Header.Get("Content-Encoding"); coding {
	case "", "identity":
	case "br":
		from = brotli.NewReader(from)
	case "gzip":
		z, err := gzip.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		from = z
	default:
		t.Fatalf("the suite cannot read %q", coding)
	}
	body, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	var head bytes.Buffer
	_ = res.Header.Write(&head)
	a := answer{status: res.StatusCode, header: res.Header, text: string(body)}
	a.shown = plainText(head.String() + "\n" + a.text + unpacked(t, body))
	return a
}

// unpacked is what the files of an archive say; "" is of what is none.
func unpacked(t *testing.T, body []byte) string {
	t.Helper()
	if !bytes.HasPrefix(body, []byte("PK\x03\x04")) {
		return ""
	}
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range archive.File {
		from, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(from)
		if err = errors.Join(err, from.Close()); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "\n%s\n%s", f.Name, text)
	}
	return out.String()
}

// plainText is a text, and what it says once its escapes are resolved.
func plainText(s string) string {
	out := s
	if strings.Contains(s, "&") {
		out += "\n" + html.UnescapeString(s)
	}
	if strings.Contains(s, `\u`) {
		out += "\n" + escaped.ReplaceAllStringFunc(s, func(e string) string {
			n, _ := strconv.ParseUint(e[2:], 16, 32)
			return string(rune(n))
		})
	}
	if strings.Contains(s, "%") {
		if u, err := url.QueryUnescape(strings.ReplaceAll(s, "+", " ")); err == nil {
			out += "\n" + u
		}
	}
	return out
}

// seenIn gives the first thing of a region that stands in a text, but for what the caller typed; "" is none.
func (s *side) seenIn(text string, typed []string) string {
	for _, x := range typed {
		if len(x) > 6 {
			for range 3 { // as it is, in an address, and in an address within an address (?next=)
				text = strings.ReplaceAll(text, x, "")
				x = url.QueryEscape(x)
			}
		}
	}
	for _, x := range []string{s.Canary, s.Phone} {
		if strings.Contains(text, x) {
			return x
		}
	}
	for _, word := range words.FindAllString(text, -1) {
		if s.known[word] {
			return word
		}
		// An identifier that hangs on another word: "tiket-<id>", "<id>-judul".
		if n := len(word); n > 36 && (s.known[word[:36]] || s.known[word[n-36:]]) {
			return word
		}
	}
	return ""
}

// seenInLog is seenIn for the log, whose lines may say by their identifier who was refused.
func (s *side) seenInLog(text string) string {
	for _, x := range []string{s.Canary, s.Phone} {
		if strings.Contains(text, x) {
			return x
		}
	}
	for _, word := range words.FindAllString(text, -1) {
		if s.known[word] && !s.persons[word] {
			return word
		}
	}
	return ""
}
