package auditlog_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/audit"
	"github.com/pendopo-id/pendopo/internal/auditlog"
	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui/uitest"
)

func TestTextsMatchTheirUse(t *testing.T) {
	for _, p := range i18n.Check(os.DirFS(".")) {
		if !strings.Contains(p, "internal/") || strings.Contains(p, "internal/auditlog/") {
			t.Error(p)
		}
	}
}

var (
	sentences = regexp.MustCompile(`(?s)<summary><time[^>]*>([^<]*)</time> <span>([^<]*)</span>`)
	older     = regexp.MustCompile(`href="([^"]*)" rel="next"`)
	newer     = regexp.MustCompile(`href="([^"]*)" rel="prev"`)
)

// said are the sentences of a page, newest first.
func said(body string) (out []string) {
	for _, m := range sentences.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1]+" "+html.UnescapeString(m[2]))
	}
	return out
}

func link(t *testing.T, re *regexp.Regexp, body string) string {
	t.Helper()
	if m := re.FindStringSubmatch(body); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

func TestRecordsReadAsSentences(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.day(t)
		if _, err := w.auth.SignIn(t.Context(), w.of(t, w.a), w.a.Email("manager"), "salah", auth.Cookie, loopback); !fault.Is(err, "auth.wrong") {
			t.Fatal(err)
		}
		if _, err := w.auth.SignIn(t.Context(), w.of(t, w.a), "nobody@contoh.test", "salah", auth.Cookie, loopback); !fault.Is(err, "auth.wrong") {
			t.Fatal(err)
		}
		if err := w.auth.SetPassword(t.Context(), w.a.ID, w.a.Email("officer"), "baru sekali", "system:cli"); err != nil {
			t.Fatal(err)
		}
		w.records(t, store.Record{Actor: "user:" + w.users["manager"].String(), Action: "queue:counter:list", Target: "thing:1"},
			store.Record{Actor: "system:night", Action: "some:new:thing", Target: "thing:<b>"})
		officer, loket := "Orang "+w.a.Canary, "Loket "+w.a.Canary
		want := []string{
			"09.09 WIB " + officer + " membuka catatan kegiatan",
			"09.09 WIB Sistem (night): some:new:thing (thing:<b>)",
			"09.09 WIB Melati: Melihat loket dan antreannya (thing:1)",
			"09.09 WIB Operator lewat baris perintah mengganti kata sandi " + officer,
			"09.09 WIB Percobaan masuk sebagai akun yang tidak ada di sini gagal",
			"09.09 WIB Percobaan masuk sebagai Melati gagal",
			"09.09 WIB Warga membatalkan A-003",
			"09.08 WIB Warga mengambil A-003",
			"09.07 WIB " + officer + " mencatat A-002 tidak hadir di " + loket,
			"09.06 WIB " + officer + " memanggil A-002 ke " + loket,
			"09.05 WIB " + officer + " menyelesaikan A-001 di " + loket,
			"09.04 WIB " + officer + " mulai melayani A-001 di " + loket,
			"09.03 WIB " + officer + " memanggil ulang A-001 ke " + loket,
			"09.02 WIB " + officer + " memanggil A-001 ke " + loket,
			"09.01 WIB " + officer + " memberikan A-002",
			"09.00 WIB Warga mengambil A-001",
			"09.00 WIB Fitri masuk",
			"09.00 WIB Melati masuk",
		}
		body := w.page(t, "/petugas/catatan", "admin")
		uitest.Page(t, body)
		got := said(body)
		for i, s := range want {
			if i >= len(got) || got[i] != s {
				t.Fatalf("line %d is not %q:\n%s", i, s, strings.Join(got, "\n"))
			}
		}
		for _, text := range []string{
			"Senin, 23 November 2026", `<dt>Dari jaringan</dt>`, "09.09.00 WIB", "disamarkan (", "<code>queue:ticket:call</code>", `<th scope="col">Sebelum</th>`,
			"dipanggil</td>", "tidak hadir</td>", ">Catatan kegiatan</a>", "/petugas/catatan.csv", "Layanan " + w.a.Canary, "situs</dd>",
		} {
			if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(body, " </td>", "</td>")), " "), text) {
				t.Errorf("the page lacks %q", text)
			}
		}
		if strings.Contains(body, w.b.Canary) || strings.Contains(body, "[?]") || strings.Contains(body, "[auditlog") || strings.Contains(body, "@"+w.a.Canary) {
			t.Error("the page shows what it must not")
		}
		english := said(w.page(t, "/petugas/catatan?lang=en", "admin"))
		if want := "09:06 WIB " + officer + " called A-002 to " + loket; !slices.Contains(english, want) {
			t.Errorf("%q is not in\n%s", want, strings.Join(english, "\n"))
		}
	})
}

func TestWhoMaySeeWhat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.day(t)
		for _, c := range []struct {
			role, path string
			status     int
		}{
			{"", "/petugas/catatan", 303}, {"", "/petugas/catatan.csv", 303}, // to sign in
			{"officer", "/petugas/catatan", 403}, {"officer", "/petugas/catatan.csv", 403},
			{"front-office", "/petugas/catatan", 403}, {"front-office", "/petugas/catatan.csv", 403},
			{"manager", "/petugas/catatan", 200}, {"manager", "/petugas/catatan.csv", 403},
			{"admin", "/petugas/catatan", 200}, {"admin", "/petugas/catatan.csv", 200},
		} {
			if res, body := w.ask(t, w.a, c.path, w.tokens[c.role]); res.StatusCode != c.status {
				t.Errorf("%s as %q: %d %.200s", c.path, c.role, res.StatusCode, body)
			}
		}
		// Another region's token is nobody's here, and this region's nobody's there.
		if res, body := w.ask(t, w.b, "/petugas/catatan", w.tokens["admin"]); res.StatusCode != 401 || strings.Contains(body, w.a.Canary) {
			t.Errorf("in the other region: %d", res.StatusCode)
		}
		// The manager sees the queue's records and no others, whatever is asked for.
		for _, path := range []string{
			"/petugas/catatan", "/petugas/catatan?kegiatan=auth:session:create", "/petugas/catatan?kegiatan=auth:", "/petugas/catatan?orang=" + w.users["admin"].String(),
			"/petugas/catatan?sasaran=user:" + w.users["admin"].String(), "/petugas/catatan?orang=system:",
		} {
			body := w.page(t, path, "manager")
			for _, s := range said(body) {
				if strings.Contains(s, "masuk") || strings.Contains(s, "membuka") {
					t.Errorf("%s shows the manager %q", path, s)
				}
			}
			if strings.Contains(body, "auth:session") && !strings.Contains(path, "auth:") || strings.Contains(body, ".csv") {
				t.Errorf("%s offers the manager too much", path)
			}
		}
		if n := len(said(w.page(t, "/petugas/catatan", "manager"))); n != 10 {
			t.Errorf("the manager sees %d records", n)
		}
	})
}

func TestNothingOfAnotherRegionIsFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.actions(t, w.b)
		for _, q := range []string{
			"orang=" + w.b.Officer.String(), "sasaran=user:" + w.b.Officer.String(), "sasaran=tenant:" + w.b.Canary,
			"sebelum=1", "sesudah=999999", "sebelum=-4&sesudah=x", "kegiatan=tenant:apply", "orang=system:",
		} {
			for _, path := range []string{"/petugas/catatan?", "/petugas/catatan.csv?"} {
				res, body := w.ask(t, w.a, path+q, w.tokens["admin"])
				shown := strings.NewReplacer(w.b.Email("officer"), "", html.EscapeString(url.QueryEscape(w.b.Email("officer"))), "", "tenant:"+w.b.Canary, "", "tenant%3A"+w.b.Canary, "").Replace(body)
				if res.StatusCode != 200 || strings.Contains(shown, w.b.Canary) {
					t.Errorf("%s%s: %d, the other region is shown", path, q, res.StatusCode)
				}
			}
		}
		if !slices.Equal(before, w.actions(t, w.b)) {
			t.Error("the other region's records have changed")
		}
		// A person is an identifier or nothing.
		if res, _ := w.ask(t, w.a, "/petugas/catatan?orang=1%27--", w.tokens["admin"]); res.StatusCode != 404 {
			t.Errorf("a malformed person: %d", res.StatusCode)
		}
	})
}

func TestFilters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, _ := w.day(t) // 09.00 to 09.09 on the 23rd
		w.clock.Set(time.Date(2026, 11, 24, 16, 59, 59, 999999000, time.UTC))
		w.records(t, many(1, "system:evening", "queue:ticket:call")...) // 23.59.59 on the 24th
		w.clock.Advance(time.Microsecond)
		w.records(t, many(1, "system:night", "queue:ticket:call")...) // midnight
		w.clock.Set(time.Date(2026, 11, 24, 16, 58, 0, 0, time.UTC))
		w.records(t, many(1, "system:late", "queue:ticket:call")...) // committed after, begun before
		count := func(query string) int {
			t.Helper()
			return len(said(w.page(t, "/petugas/catatan?"+query, "admin")))
		}
		w.clock.Set(time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC))
		w.signIn(t)
		only := func(query string, want ...string) {
			t.Helper()
			got := said(w.page(t, "/petugas/catatan?"+query, "admin"))
			for _, s := range want {
				if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, s) }) {
					t.Errorf("%s lacks %q:\n%s", query, s, strings.Join(got, "\n"))
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s gives %d, not %d:\n%s", query, len(got), len(want), strings.Join(got, "\n"))
			}
		}
		only("dari=2026-11-24&sampai=2026-11-24", "evening", "late")
		only("dari=2026-11-25&sampai=2026-11-25&kegiatan=queue:ticket:call", "night")
		only("dari=2026-11-24&kegiatan=queue:ticket:call", "evening", "late", "night")
		only("dari=2026-11-26")
		only("sampai=2026-11-22")
		only("orang=public&kegiatan=queue:ticket:issue", "A-001", "A-003")
		only("orang=public&kegiatan=queue:ticket:cancel", "A-003")
		only("orang="+w.users["manager"].String(), "Melati masuk", "Melati masuk")
		only("orang=system:&kegiatan=queue:", "evening", "night", "late")
		only("kegiatan=auth:session:create&orang="+w.users["front-office"].String(), "Fitri masuk", "Fitri masuk")
		a1 := []string{"mengambil A-001", "memanggil A-001", "memanggil ulang A-001", "mulai melayani A-001", "menyelesaikan A-001"}
		only("sasaran=a-001", a1...)
		only("sasaran=A001", a1...)
		only("sasaran=A-001&dari=2026-11-23&sampai=2026-11-23", a1...)
		only("sasaran=ticket:"+first.ID.String(), a1...)
		if n := count("orang=" + w.a.Officer.String()); n < 8 {
			t.Errorf("the officer did %d things", n)
		}
		body := w.page(t, "/petugas/catatan?sasaran=A-001&dari=2026-11-24", "admin")
		if !strings.Contains(body, "Tidak ada nomor A-001 pada tanggal itu") {
			t.Error("a number that was not given on that day is not said to be so")
		}
		// What is wrong is said at its field, and kept for mending.
		for query, want := range map[string]string{
			"dari=kemarin":                      "Tulis tanggal seperti 2026-11-23",
			"dari=2026-02-30":                   "Tulis tanggal seperti 2026-11-23",
			"dari=2026-11-24&sampai=2026-11-23": "lebih awal daripada tanggal mulai",
			"sasaran=bukan+apa-apa":             "Tulis nomor antrean seperti A-027",
		} {
			res, body := w.ask(t, w.a, "/petugas/catatan?"+query, w.tokens["admin"])
			if res.StatusCode != 422 || strings.Count(body, want) != 2 || len(said(body)) != 0 {
				t.Errorf("%s: %d %d", query, res.StatusCode, strings.Count(body, want))
			}
			uitest.Page(t, body)
			if res, _ := w.ask(t, w.a, "/petugas/catatan.csv?"+query, w.tokens["admin"]); res.StatusCode != 303 || !strings.HasPrefix(res.Header.Get("Location"), "/petugas/catatan?") {
				t.Errorf("%s as CSV: %d %s", query, res.StatusCode, res.Header.Get("Location"))
			}
		}
	})
}

var numbers = regexp.MustCompile(`<dt>Catatan nomor</dt><dd class="p-num">(\d+)</dd>`)

func seqs(body string) (out []int64) {
	for _, m := range numbers.FindAllStringSubmatch(body, -1) {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		out = append(out, n)
	}
	return out
}

// An e-mail is asked for by the form, and stands in no address: it becomes what records call the person.
func TestAnEmailStaysOutOfAddresses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		email := w.a.Email("manager")
		nobody := "nobody@contoh.test"
		for _, of := range []string{email, nobody} {
			for _, h := range []*audit.Hasher{w.hasher, audit.NewHasher([]byte("an older key of the tests"))} {
				w.records(t, store.Record{Actor: "public", Action: "auth:session:create", Target: auth.Account(h, w.a.ID, of), Data: map[string]any{"ok": false, "kind": "cookie"}})
			}
		}
		w.records(t, store.Record{Actor: "system:cli", Action: "auth:suspended", Target: "user:" + w.users["manager"].String()})
		for typed, records := range map[string]int{email: 3, " " + strings.ToUpper(email): 3, nobody: 2, "other@contoh.test": 0, w.b.Email("officer"): 0} {
			form := url.Values{"sasaran": {typed}, "dari": {"2026-11-01"}}
			q := httptest.NewRequest(http.MethodPost, "/petugas/catatan", strings.NewReader(form.Encode()))
			q.Host = w.a.Host("localhost")
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			q.Header.Set("Authorization", "Bearer "+w.tokens["admin"])
			res, err := w.Test(q)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			to := res.Header.Get("Location")
			if res.StatusCode != 303 || !strings.Contains(to, "dari=2026-11-01") || strings.Contains(strings.ToLower(to), "contoh") || strings.Contains(to, "@") || strings.Contains(to, "%40") || strings.Contains(to, "uji") {
				t.Errorf("%s leads to %d %s", typed, res.StatusCode, to)
			}
			if got := said(w.page(t, to, "admin")); len(got) != records {
				t.Errorf("%s gives %d, not %d: %q", typed, len(got), records, got)
			}
		}
		res, body := w.ask(t, w.a, "/petugas/catatan?sasaran="+url.QueryEscape(email), w.tokens["admin"])
		if res.StatusCode != 422 || strings.Contains(body, html.EscapeString(email)) || len(said(body)) != 0 {
			t.Errorf("in an address: %d", res.StatusCode)
		}
	})
}

// Failed sign-ins are found by e-mail, under whichever key they were recorded, and told by the person's name.
func TestAnOlderKeysHashesAreFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		email := w.a.Email("manager")
		failed := func(h *audit.Hasher) {
			w.records(t, store.Record{Actor: "public", Action: "auth:session:create", Target: auth.Account(h, w.a.ID, email), Data: map[string]any{"ok": false, "kind": "cookie"}})
		}
		failed(audit.NewHasher([]byte("an older key of the tests")))
		failed(w.hasher)
		failed(audit.NewHasher([]byte("a key that is gone")))
		targets, err := w.log.Targets(t.Context(), w.of(t, w.a), strings.ToUpper(email), clock.Day{}, clock.Day{})
		if err != nil || len(targets) != 3 {
			t.Errorf("%v %v", targets, err)
		}
		found := said(w.page(t, "/petugas/catatan?kegiatan=auth:session:create&orang=public", "admin"))
		named := 0
		for _, s := range found {
			if strings.Contains(s, "Melati") {
				named++
			}
		}
		if len(found) != 3 || named != 2 {
			t.Errorf("%d of %d tell whose account it was: %q", named, len(found), found)
		}
	})
}

// Paging shows each record once, newest first, there and back, also while others are written.
func TestPaging(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.records(t, many(120, "public", "queue:ticket:issue")...)
		var all, pages []string
		var seen []int64
		path := "/petugas/catatan?kegiatan=queue:ticket:issue"
		for path != "" {
			body := w.page(t, path, "admin")
			pages, all = append(pages, path), append(all, body)
			seen = append(seen, seqs(body)...)
			path = link(t, older, body)
			w.records(t, many(3, "public", "queue:ticket:issue")...) // they come before the first page
		}
		if len(pages) != 3 || len(seen) != 120 || !slices.IsSortedFunc(seen, func(a, b int64) int { return int(b - a) }) || len(slices.Compact(slices.Clone(seen))) != 120 {
			t.Fatalf("%d pages, %d records: %v", len(pages), len(seen), seen)
		}
		// Back from the oldest page: the second again, to the record.
		back := link(t, newer, all[2])
		if got := seqs(w.page(t, back, "admin")); !slices.Equal(got, seqs(all[1])) {
			t.Errorf("back: %v, there: %v", got, seqs(all[1]))
		}
		// And on to the newest, which has those that were written meanwhile.
		body := w.page(t, link(t, newer, w.page(t, back, "admin")), "admin")
		if got := seqs(body); got[0] <= seen[0] && link(t, newer, body) == "" {
			t.Errorf("the newest page begins with %d", got[0])
		}
		for i := 0; link(t, newer, body) != ""; i++ {
			if i > 5 {
				t.Fatal("newer pages never end")
			}
			body = w.page(t, link(t, newer, body), "admin")
		}
		if got := seqs(body); len(got) != 50 || got[0] <= seen[0] || !slices.Equal(got, seqs(w.page(t, "/petugas/catatan?kegiatan=queue:ticket:issue", "admin"))) {
			t.Errorf("the newest page has %d, from %d on", len(got), got[0])
		}
	})
}

// A search for something rare reads on for a while, says how far it came, and goes on from there.
func TestASearchIsBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.log.Small(10, 40)
		w.records(t, many(1, "system:rare", "queue:ticket:call")...)
		w.records(t, many(100, "public", "queue:ticket:issue")...)
		path, steps := "/petugas/catatan?orang=system:&kegiatan=queue:", 0
		for ; path != ""; steps++ {
			body := w.page(t, path, "admin")
			if got := said(body); len(got) > 0 {
				if !strings.Contains(got[0], "rare") || steps < 2 {
					t.Errorf("found %v after %d steps", got, steps)
				}
				break
			}
			if !strings.Contains(body, "Sudah dicari sampai Senin, 23 November 2026, 09.00 WIB") {
				t.Errorf("step %d of %s does not say how far it came", steps, path)
			}
			m := regexp.MustCompile(`p-blank-do"><a class="p-btn p-btn-2" href="([^"]*)"`).FindStringSubmatch(body)
			if m == nil || steps > 5 {
				t.Fatalf("no way on after %d steps", steps)
			}
			path = html.UnescapeString(m[1])
		}
	})
}

func TestReadingIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.day(t)
		reads := func() (n int) {
			for _, a := range w.actions(t, w.a) {
				if strings.Contains(a, " audit:record:") {
					n++
				}
			}
			return n
		}
		step := func(want int, path, role string) {
			t.Helper()
			before := reads()
			w.page(t, path, role)
			if got := reads() - before; got != want {
				t.Errorf("%s as %s made %d records, not %d", path, role, got, want)
			}
		}
		step(1, "/petugas/catatan", "admin")
		step(0, "/petugas/catatan?sebelum=5", "admin")
		step(0, "/petugas/catatan?dari=2026-11-23", "admin")
		step(1, "/petugas/catatan?orang="+w.a.Officer.String(), "admin")
		step(0, "/petugas/catatan?orang="+w.a.Officer.String()+"&sebelum=9", "admin")
		step(1, "/petugas/catatan?sasaran=A-001", "admin")
		step(1, "/petugas/catatan", "manager")
		w.clock.Advance(9 * time.Minute)
		step(0, "/petugas/catatan", "admin")
		w.clock.Advance(2 * time.Minute)
		step(1, "/petugas/catatan", "admin")
		if res, _ := w.ask(t, w.a, "/petugas/catatan.csv", w.tokens["admin"]); res.StatusCode == 200 {
			t.Error("all records are given to who has not shown for eleven minutes who they are")
		}
		w.signIn(t)
		step(1, "/petugas/catatan.csv", "admin")
		step(1, "/petugas/catatan.csv", "admin")
		all := w.actions(t, w.a)
		if last := all[len(all)-1]; last != "user:"+w.a.Admin.String()+" audit:record:export records" {
			t.Errorf("the last record: %s", last)
		}
		if !slices.Contains(all, "user:"+w.a.Admin.String()+" audit:record:list records:user:"+w.a.Officer.String()) {
			t.Errorf("nobody is said to have looked at the officer's: %q", all)
		}
	})
}

func TestCSV(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.day(t)
		evil := w.user(t, w.a, "agency-admin", "=HYPERLINK(\"http://x\")")
		w.records(t, store.Record{Actor: "user:" + evil.String(), Action: "x:y:z", Target: "@SUM(1)", Data: map[string]string{"a": "kutip \" , \n"}, Before: map[string]int{"n": 1}})
		w.records(t, many(2500, "public", "queue:ticket:issue")...)
		res, body := w.ask(t, w.a, "/petugas/catatan.csv", w.tokens["admin"])
		if res.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(res.Header.Get("Content-Disposition"), `filename="catatan-uji-a-2026-11-23.csv"`) || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers: %v", res.Header)
		}
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(rows[0]) != "[seq time who sentence action actor target from data before after block hash]" {
			t.Errorf("columns: %v", rows[0])
		}
		for i, r := range rows[1:] {
			if r[0] != strconv.Itoa(i+1) || !strings.HasPrefix(r[1], "2026-11-23T09:") || !strings.HasSuffix(r[1], "+07:00") {
				t.Fatalf("line %d: %v", i+1, r)
			}
			for _, cell := range r {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
					t.Errorf("a formula: %q", cell)
				}
			}
			if strings.Contains(strings.Join(r, ""), w.b.Canary) {
				t.Errorf("the other region: %v", r)
			}
		}
		if n := len(rows) - 1; n != len(w.actions(t, w.a)) {
			t.Errorf("%d lines of %d records", n, len(w.actions(t, w.a)))
		}
		at := slices.IndexFunc(rows, func(r []string) bool { return r[4] == "x:y:z" })
		if r := rows[at]; r[2] != `'=HYPERLINK("http://x")` || r[6] != "'@SUM(1)" || r[8] != `{"a":"kutip \" , \n"}` || r[9] != `{"n":1}` || len(r[12]) != 64 {
			t.Errorf("the record of a strange name: %q", r)
		}
		call := rows[slices.IndexFunc(rows, func(r []string) bool { return r[4] == "queue:ticket:call" })]
		if call[3] != "Orang "+w.a.Canary+" memanggil A-001 ke Loket "+w.a.Canary || call[1] != "2026-11-23T09:02:00.000000+07:00" || call[5] != "user:"+w.a.Officer.String() {
			t.Errorf("a call: %q", call)
		}
		// Filtered as the page is.
		_, body = w.ask(t, w.a, "/petugas/catatan.csv?sasaran=A-001&kegiatan=queue:ticket:call", w.tokens["admin"])
		if rows, _ := csv.NewReader(strings.NewReader(body)).ReadAll(); len(rows) != 3 {
			t.Errorf("A-001 was called %d times", len(rows)-1)
		}
		_, body = w.ask(t, w.a, "/petugas/catatan.csv?sasaran=A-900", w.tokens["admin"])
		if rows, _ := csv.NewReader(strings.NewReader(body)).ReadAll(); len(rows) != 1 {
			t.Errorf("a number that was not given has %d records", len(rows)-1)
		}
	})
}

func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "Budi": "Budi", "=1": "'=1", "+62": "'+62", "-1": "'-1", "@x": "'@x", "\t=1": "'\t=1", "\r=1": "'\r=1", "|x": "'|x", "a=1": "a=1", "＝1": "'＝1", "2026-11-23": "2026-11-23",
	} {
		if got := auditlog.Harmless(in); got != want {
			t.Errorf("%q becomes %q, not %q", in, got, want)
		}
	}
}

// A region in the east has its own days and clocks.
func TestDaysAreTheRegions(t *testing.T) {
	db := testkit.Open(t, testkit.SQLite, testkit.WithClock(testkit.NewClock(time.Date(2026, 11, 23, 15, 30, 0, 0, time.UTC))))
	r := testkit.Tenant(t, db, testkit.Zone("WIT")) // 00.30 on the 24th
	w := &world{db: db}
	w.reg = registry(t, db)
	dirs := directories(db)
	w.log = auditlog.New(db, dirs, auditlog.Options{})
	tn := w.of(t, r)
	day := func(s string) (n int) {
		d, err := clock.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		var f auditlog.Filter
		f.Days(d, d, tn.Loc)
		err = w.log.Each(t.Context(), tn, f, func(_ context.Context, records []auditlog.Record) error { n += len(records); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if day("2026-11-23") != 0 || day("2026-11-24") != 1 {
		t.Errorf("%d on the 23rd, %d on the 24th", day("2026-11-23"), day("2026-11-24"))
	}
}

// The desk shows when records cannot be read, rather than half of them.
func TestUnknownTenantIsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tn := *w.of(t, w.a)
		tn.ID = store.NewTenantID()
		found, err := w.log.Page(t.Context(), &tn, auditlog.Filter{}, 0, 0, 10)
		if err != nil || len(found.Records) != 0 || found.Older != 0 {
			t.Errorf("%+v %v", found, err)
		}
		if res, _ := w.ask(t, w.a, "/petugas/catatan?orang="+id.New().String(), w.tokens["admin"]); res.StatusCode != http.StatusOK {
			t.Errorf("somebody who does not exist: %d", res.StatusCode)
		}
	})
}
