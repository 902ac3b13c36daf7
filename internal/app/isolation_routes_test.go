package app_test

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/queue"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// call is what a request says. Each of its values that is another one in the other region is an identifier, and the
// suite puts the other region's in its place, one after the other and all at once.
type call struct {
	params, query, form, json, cookies map[string]string
	who                                *person // whose session; nil: the role's own
}

type texts = map[string]string

// routeCase is how the suite uses a route. A new route needs one; see CONTRIBUTING.md.
type routeCase struct {
	route string   // "POST /antrean"
	as    []string // whom it lets in at home: each of them gets 2xx, or is led on to where it has been done
	// call makes what one request names, in a region, for a role. What it makes is not used up by a refusal, or once is set.
	call func(t *testing.T, s *side, role string) call
	once bool
	// stream: it never ends, so the suite asks it over a connection.
	stream bool
	// nobody: it is refused at a region's host under the bare domain, whoever asks.
	nobody bool
	// free are fields whose values differ and name nothing.
	free []string
	// said is the answer to the other region's value in a field, where it is not 401, 403 or 404.
	said map[string]int
	// news are the words that ?kabar= says of a success.
	news []string
	// leaves are the tables of the other region that change when somebody of this one asks at its host, as a stranger.
	leaves []string
}

var (
	signed   = authz.Roles()
	all      = append([]string{public}, signed...)
	counters = []string{authz.RoleOfficer, authz.RoleAgencyAdmin}
	desk     = []string{authz.RoleFrontOffice, authz.RoleManager, authz.RoleHelperFull}
	lookers  = []string{authz.RoleOfficer, authz.RoleAgencyAdmin, authz.RoleFrontOffice, authz.RoleManager, authz.RoleAdmin, authz.RoleHelper, authz.RoleHelperFull}
	admins   = []string{authz.RoleAdmin}
	auditors = []string{authz.RoleManager, authz.RoleAdmin, authz.RoleHelper, authz.RoleHelperFull}
	runners  = []string{authz.RoleManager, authz.RoleAdmin, authz.RoleHelperFull}
	setters  = []string{authz.RoleManager, authz.RoleAdmin}
	// free of a second factor: who may lose theirs, or has none.
	plain = slices.DeleteFunc(slices.Clone(signed), func(role string) bool { return factorOf(role) != "" })
)

func nothing(*testing.T, *side, string) call { return call{} }

// named makes a call with one parameter.
func named(param string, of func(*testing.T, *side) string) func(*testing.T, *side, string) call {
	return func(t *testing.T, s *side, _ string) call { return call{params: texts{param: of(t, s)}} }
}

// mine is a call by somebody new, for what changes the account of who asks.
func mine(with bool, more func(*testing.T, *side, *person, *call)) func(*testing.T, *side, string) call {
	return func(t *testing.T, s *side, role string) call {
		if role == public {
			role = authz.RoleOfficer
		}
		c := call{who: s.fresh(t, role, with)}
		if more != nil {
			more(t, s, c.who, &c)
		}
		return c
	}
}

// entering is a call that begins a session, by somebody who has one already but for the public: that one ends with it.
func entering(make func(*testing.T, *side) call) func(*testing.T, *side, string) call {
	return func(t *testing.T, s *side, role string) call {
		c := make(t, s)
		if role != public {
			c.who = s.fresh(t, role, false)
		}
		return c
	}
}

// theirs is an administrator's call about somebody new.
func theirs(form texts, more func(*testing.T, *side, *person, *call)) func(*testing.T, *side, string) call {
	return func(t *testing.T, s *side, _ string) call {
		p := s.fresh(t, authz.RoleOfficer, true)
		c := call{params: texts{"id": p.id.String()}, form: form}
		if more != nil {
			more(t, s, p, &c)
		}
		return c
	}
}

// askedDomain is a domain that the region has asked for, and whose name server shows the proof.
func askedDomain(t *testing.T, s *side) string {
	t.Helper()
	prov := &tenant.Provisioner{DB: s.w.db}
	row, _, err := prov.Find(t.Context(), s.t.Code)
	if err != nil {
		t.Fatal(err)
	}
	d, err := prov.AskDomain(t.Context(), *row, s.wanted, "system:test")
	if err != nil {
		t.Fatal(err)
	}
	s.keep(d.Token)
	s.w.dns.Show(d.Record())
	return d.Host
}

// sheeted is a file with somebody new in it, as the page sends it on.
func sheeted(*testing.T, *side, string) call {
	text := "Nama,Surel,Peran,Instansi\nSiti,siti" + id.New().String() + "@baru.test,petugas loket,dukcapil\n"
	return call{form: texts{"nama": "petugas.csv", "isi": base64.StdEncoding.EncodeToString([]byte(text))}}
}

// plansSwitch plans a change-over so much later, or at once. One that waits already is ended, and one that has happened
// taken back.
func (s *side) plansSwitch(t *testing.T, in time.Duration) {
	t.Helper()
	hall, boss := s.w.ap.Hall, s.actor(t, s.people[authz.RoleAdmin])
	_ = hall.RollBack(t.Context(), s.t, boss)
	_ = hall.CancelSwitch(t.Context(), s.t, boss)
	at := time.Time{}
	if in > 0 {
		at = s.w.db.Now().Add(in)
	}
	if err := hall.PlanSwitch(t.Context(), s.t, boss, at, nil); err != nil {
		t.Fatal(err)
	}
}

// changedOver leaves rows of a change-over that was given up.
func (s *side) changedOver(t *testing.T) {
	t.Helper()
	hall, boss := s.w.ap.Hall, s.actor(t, s.people[authz.RoleAdmin])
	if err := hall.PlanSwitch(t.Context(), s.t, boss, s.w.db.Now().Add(24*time.Hour), []queue.Running{{SeriesID: s.Series[0]}}); err != nil {
		t.Fatal(err)
	}
	if err := hall.CancelSwitch(t.Context(), s.t, boss); err != nil {
		t.Fatal(err)
	}
}

func counterOf(_ *testing.T, s *side) string { return s.Counters[0].String() }
func zoneOf(_ *testing.T, s *side) string    { return s.Hall.String() }
func waitingAt(t *testing.T, s *side) string { return s.waiting(t) }
func missedAt(t *testing.T, s *side) string  { return s.missed(t) }

// code is what an app shows: the same in both regions, but for a change of the half minute.
func code(t *testing.T, s *side) string { return testkit.AppCode(t, testkit.TOTPSecret, s.w.db.Now()) }

// codeOf is what an app with a secret shows in half a minute, which is taken too.
func codeOf(t *testing.T, s *side, secret string) string {
	return testkit.AppCode(t, secret, s.w.db.Now().Add(30*time.Second))
}

const newPassword = "sepuluh-kucing-berlari-ke-sawah"

// routeCases is every route of the service, in an order in which none spoils another: each makes what it uses up.
var routeCases = slices.Concat(regionCases, setupCases(), lastCases)

var regionCases = []routeCase{
	// A region's public pages. Agencies and services have the same codes in both regions.
	{route: "GET /", as: all, call: nothing},
	{route: "GET /layanan", as: all, call: nothing},
	{route: "GET /layanan/:agency/:service", as: all, call: func(*testing.T, *side, string) call {
		return call{params: texts{"agency": "dukcapil", "service": "layanan-a"}}
	}},
	{route: "GET /api/v1/openapi.json", as: all, call: nothing},
	{route: "GET /api/v1/services", as: all, call: nothing},
	{route: "GET /api/v1/services/:id", as: all, call: named("id", func(_ *testing.T, s *side) string { return s.Services[0].String() })},
	{route: "GET /papan", as: all, call: nothing},
	{route: "GET /papan/:zone", as: all, call: named("zone", zoneOf)},
	{route: "GET /papan/:zone/berikutnya", as: all, call: named("zone", zoneOf)},
	{route: "GET /papan/:zone/langsung", as: all, call: named("zone", zoneOf), stream: true},
	{route: "GET /api/v1/boards/:id/events", as: all, call: named("id", zoneOf), stream: true},

	// Numbers.
	{route: "POST /antrean", as: all, call: func(t *testing.T, s *side, _ string) call {
		return call{form: texts{"layanan": s.Services[0].String(), "seri": s.Series[0].String(), "kunci": b64(randomBytes())}}
	}, free: []string{"kunci"}, said: map[string]int{"seri": 422}},
	{route: "GET /antrean", as: all, call: func(t *testing.T, s *side, _ string) call {
		return call{cookies: texts{"nomor": s.waiting(t)}}
	}, said: map[string]int{"nomor": 200}}, // a number that is not there is not listed
	{route: "POST /antrean/lupakan", as: all, call: func(t *testing.T, s *side, _ string) call {
		return call{cookies: texts{"nomor": s.waiting(t)}}
	}, said: map[string]int{"nomor": 303}}, // the browser forgets what it has
	{route: "GET /antrean/:id", as: all, call: named("id", waitingAt)},
	{route: "GET /antrean/:id/langsung", as: all, call: named("id", waitingAt), stream: true},
	{route: "GET /antrean/:id/cetak", as: all, call: named("id", waitingAt)},
	{route: "GET /antrean/:id/batal", as: all, call: named("id", waitingAt)},
	{route: "POST /antrean/:id/batal", as: all, call: named("id", waitingAt)},
	{route: "POST /api/v1/tickets", as: all, call: func(_ *testing.T, s *side, _ string) call {
		return call{json: texts{"service_id": s.Services[0].String(), "series_id": s.Series[0].String()}}
	}, said: map[string]int{"series_id": 422}},
	{route: "GET /api/v1/tickets/:id", as: all, call: named("id", waitingAt)},
	{route: "POST /api/v1/tickets/:id/finish", as: counters, call: named("id", func(t *testing.T, s *side) string { return s.served(t) })},
	{route: "POST /api/v1/tickets/:id/return", as: desk, call: named("id", missedAt)},

	// Counters.
	{route: "GET /api/v1/counters", as: lookers, call: nothing},
	{route: "POST /api/v1/counters/:id/next", as: counters, call: func(t *testing.T, s *side, _ string) call {
		s.waiting(t)
		return call{params: texts{"id": s.Counters[0].String()}}
	}},
	{route: "GET /petugas", as: lookers, call: nothing},
	{route: "GET /petugas/loket/:id", as: lookers, call: named("id", counterOf)},
	{route: "GET /petugas/loket/:id/langsung", as: lookers, call: named("id", counterOf), stream: true},
	{route: "POST /petugas/loket/:id/berikutnya", as: counters, call: func(t *testing.T, s *side, _ string) call {
		seen := s.served(t)
		s.waiting(t)
		return call{params: texts{"id": s.Counters[0].String()}, form: texts{"lihat": seen, "kunci": b64(randomBytes())}}
	}, free: []string{"kunci"}, said: map[string]int{"lihat": 303}}, // the counter has moved on, says the screen to which it leads
	{route: "POST /petugas/loket/:id/panggil-lagi", as: counters, call: func(t *testing.T, s *side, _ string) call {
		return call{params: texts{"id": s.Counters[0].String()}, form: texts{"nomor": s.missed(t)}}
	}},
	{route: "POST /petugas/loket/:id/:move", as: counters, call: func(t *testing.T, s *side, _ string) call {
		return call{params: texts{"id": s.Counters[0].String(), "move": "layani"}, form: texts{"nomor": s.called(t)}}
	}},

	// The front desk.
	{route: "GET /petugas/meja-depan", as: desk, call: func(t *testing.T, s *side, _ string) call {
		return call{query: texts{"nomor": "/antrean/" + s.waiting(t)}}
	}, said: map[string]int{"nomor": 200}}, // nothing is found
	{route: "GET /petugas/meja-depan/langsung", as: desk, call: nothing, stream: true},
	{route: "POST /petugas/meja-depan/nomor", as: desk, call: func(t *testing.T, s *side, _ string) call {
		return call{form: texts{"layanan": s.Services[0].String(), "kunci": b64(randomBytes())}}
	}, free: []string{"kunci"}, news: []string{"baru"}},
	{route: "GET /petugas/meja-depan/nomor/:id", as: desk, call: named("id", waitingAt)},
	{route: "GET /petugas/meja-depan/nomor/:id/langsung", as: desk, call: named("id", waitingAt), stream: true},
	{route: "GET /petugas/meja-depan/nomor/:id/cetak", as: desk, call: named("id", waitingAt)},
	{route: "GET /petugas/meja-depan/nomor/:id/batal", as: desk, call: named("id", waitingAt)},
	{route: "POST /petugas/meja-depan/nomor/:id/batal", as: desk, call: named("id", waitingAt), news: []string{"batal"}},
	{route: "POST /petugas/meja-depan/nomor/:id/kembali", as: desk, call: named("id", missedAt), news: []string{"kembali"}},

	// Records. What is asked for and is not the region's is simply not found among its records.
	{route: "GET /petugas/catatan", as: auditors, call: func(t *testing.T, s *side, _ string) call {
		return call{query: texts{"orang": s.Officer.String(), "sasaran": "ticket:" + s.waiting(t)}}
	}, said: map[string]int{"orang": 200, "sasaran": 200}},
	{route: "POST /petugas/catatan", as: auditors, call: func(_ *testing.T, s *side, _ string) call {
		return call{form: texts{"sasaran": s.Email("officer")}}
	}, said: map[string]int{"sasaran": 303}},
	{route: "GET /petugas/catatan.csv", as: admins, call: func(t *testing.T, s *side, _ string) call {
		return call{query: texts{"orang": s.Officer.String(), "sasaran": "ticket:" + s.waiting(t)}}
	}, said: map[string]int{"orang": 200, "sasaran": 200}},

	// Devices: a list and test pages, which show no row of anybody's.
	{route: "GET /petugas/perangkat", as: runners, call: nothing},
	{route: "GET /petugas/perangkat/layar", as: runners, call: nothing},
	{route: "GET /petugas/perangkat/cetak", as: runners, call: nothing},
	{route: "GET /petugas/perangkat/tablet", as: runners, call: nothing},
	// The subscription. Its details are the same in both regions; invoices are a region's own.
	{route: "GET /petugas/langganan", as: runners, call: nothing},
	{route: "GET /petugas/langganan/data", as: admins, call: nothing},
	{route: "POST /petugas/langganan/data", as: admins, call: func(*testing.T, *side, string) call { return call{form: payerDetails} }, news: []string{"data"}},
	{route: "GET /petugas/langganan/ubah", as: admins, call: func(*testing.T, *side, string) call { return call{query: texts{"paket": "pilot"}} }},
	{route: "POST /petugas/langganan/ubah", as: admins, call: func(*testing.T, *side, string) call { return call{form: texts{"plan": "pilot"}} }, news: []string{"paket"}},
	{route: "POST /petugas/langganan/berhenti", as: admins, call: func(t *testing.T, s *side, _ string) call { s.subscribed(t); return call{} }, news: []string{"berhenti"}},
	{route: "POST /petugas/langganan/lanjutkan", as: admins, call: func(t *testing.T, s *side, _ string) call { s.subscribed(t); return call{} }, news: []string{"lanjut"}},
	{route: "GET /petugas/langganan/tagihan/:id", as: runners, call: named("id", invoiceAt)},
	{route: "POST /petugas/langganan/tagihan/:id/bast", as: admins, call: func(t *testing.T, s *side, _ string) call {
		return call{params: texts{"id": s.invoice(t)}, form: texts{"handover": "900/BAST", "handover_day": "2026-11-23"}}
	}, news: []string{"bast"}},
	{route: "GET /petugas/langganan/tagihan/:id/:document", as: runners, call: func(t *testing.T, s *side, _ string) call {
		return call{params: texts{"id": s.invoice(t), "document": "berkas.pdf"}}
	}},
	{route: "GET /api/v1/subscription", as: runners, call: nothing},
	{route: "GET /api/v1/subscription/preview", as: admins, call: func(*testing.T, *side, string) call { return call{query: texts{"plan": "pilot"}} }},
	{route: "PUT /api/v1/subscription/plan", as: admins, call: func(*testing.T, *side, string) call { return call{json: texts{"plan": "pilot"}} }},
	{route: "PUT /api/v1/subscription/details", as: admins, call: func(*testing.T, *side, string) call { return call{json: payerDetails} }},
	{route: "DELETE /api/v1/subscription", as: admins, call: func(t *testing.T, s *side, _ string) call { s.subscribed(t); return call{} }},

	// Signing in. A stranger's attempt is recorded where it was made.
	{route: "GET /masuk", as: all, call: nothing},
	{route: "POST /masuk", as: all, call: entering(func(t *testing.T, s *side) call {
		return call{form: texts{"email": s.fresh(t, authz.RoleCitizen, false).email, "password": password}}
	}), leaves: []string{"audit", "audit_heads", "throttles"}},
	{route: "GET /masuk/lupa", as: all, call: nothing},
	{route: "POST /masuk/lupa", as: all, call: func(t *testing.T, s *side, _ string) call {
		return call{form: texts{"email": s.fresh(t, authz.RoleCitizen, false).email}}
	}, said: map[string]int{"email": 200}, leaves: []string{"audit", "audit_heads"}}, // it never tells who has an account
	{route: "GET /masuk/sandi-baru", as: all, call: func(t *testing.T, s *side, _ string) call {
		return call{query: texts{"k": s.link(t, s.fresh(t, authz.RoleOfficer, false))}}
	}},
	{route: "POST /masuk/sandi-baru", as: all, call: entering(func(t *testing.T, s *side) call {
		return call{form: texts{"k": s.link(t, s.fresh(t, authz.RoleOfficer, false)), "new": newPassword}}
	})},
	{route: "GET /masuk/langkah-kedua", as: all, call: func(t *testing.T, s *side, _ string) call {
		return call{cookies: texts{"step": s.waits(t, s.fresh(t, authz.RoleOfficer, true), auth.Cookie)}}
	}},
	{route: "POST /masuk/langkah-kedua", as: all, call: entering(func(t *testing.T, s *side) call {
		return call{cookies: texts{"step": s.waits(t, s.fresh(t, authz.RoleOfficer, true), auth.Cookie)}, form: texts{"code": code(t, s)}}
	}), free: []string{"code"}},
	{route: "POST /masuk/passkey/mulai", as: all, call: nothing, leaves: []string{"challenges"}}, // of whoever asks
	{route: "POST /masuk/passkey", as: all, once: true, call: entering(func(t *testing.T, s *side) call {
		k := s.withKey(t, s.fresh(t, authz.RoleOfficer, false))
		c, err := s.w.ap.Auth.BeginPasskeySignIn(t.Context(), s.t, s.site())
		return ceremony(t, s, k, c, err)
	})},
	{route: "POST /masuk/langkah-kedua/passkey/mulai", as: all, call: func(t *testing.T, s *side, _ string) call {
		p := s.fresh(t, authz.RoleOfficer, false)
		s.withKey(t, p)
		return call{cookies: texts{"step": s.waits(t, p, auth.Cookie)}}
	}},
	{route: "POST /masuk/langkah-kedua/passkey", as: all, once: true, call: entering(func(t *testing.T, s *side) call {
		p := s.fresh(t, authz.RoleOfficer, false)
		k := s.withKey(t, p)
		step := s.waits(t, p, auth.Cookie)
		c, err := s.w.ap.Auth.BeginPasskeyStep(t.Context(), s.t, s.site(), step)
		out := ceremony(t, s, k, c, err)
		out.cookies["step"] = step
		return out
	})},
	{route: "POST /masuk/instansi", as: all, call: func(*testing.T, *side, string) call {
		return call{form: texts{"agency": "dukcapil"}}
	}, leaves: []string{"challenges"}}, // of whoever asks
	{route: "GET /masuk/instansi/:agency/kembali", as: all, once: true, call: entering(func(t *testing.T, s *side) call {
		return s.vouched(t, s.fresh(t, authz.RoleOfficer, false))
	})},
	{route: "POST /api/v1/sessions", as: all, call: func(t *testing.T, s *side, _ string) call {
		return call{json: texts{"email": s.fresh(t, authz.RoleCitizen, false).email, "password": password}}
	}, leaves: []string{"audit", "audit_heads"}},
	{route: "POST /api/v1/sessions/verify", as: all, call: func(t *testing.T, s *side, _ string) call {
		return call{json: texts{"challenge": s.waits(t, s.fresh(t, authz.RoleOfficer, true), auth.Bearer), "code": code(t, s)}}
	}, free: []string{"code"}},

	// One's own account, of somebody new: most of these end sessions or give them another token.
	{route: "GET /petugas/akun", as: signed, call: mine(false, nil)},
	{route: "POST /petugas/akun/sesi/:id/akhiri", as: signed, call: mine(false, func(t *testing.T, s *side, p *person, c *call) {
		c.params = texts{"id": p.session.String()}
	}), news: []string{"sesi"}},
	{route: "GET /petugas/bantuan", as: admins, call: mine(false, nil)},
	{route: "POST /petugas/bantuan", as: admins, call: mine(false, func(_ *testing.T, _ *side, _ *person, c *call) {
		c.form = texts{"hours": "2", "kind": "look"}
	}), news: []string{"izin"}},
	{route: "POST /petugas/bantuan/tarik", as: admins, call: mine(false, nil), news: []string{"tarik"}},
	{route: "GET /petugas/bantuan/masuk", as: all, call: mine(false, nil)},
	{route: "POST /petugas/bantuan/masuk", as: all, once: true, call: func(t *testing.T, s *side, _ string) call {
		return call{form: texts{"k": s.helping(t)}}
	}, said: map[string]int{"k": 409}},
	{route: "POST /petugas/pengumuman/:id/tutup", as: signed, call: mine(false, func(t *testing.T, s *side, _ *person, c *call) {
		c.params, c.form = texts{"id": s.announced(t)}, texts{"next": "/petugas/akun"}
	})},
	{route: "POST /petugas/akun/sesi/akhiri-lain", as: signed, call: mine(false, nil), news: []string{"sesi-lain"}},
	{route: "GET /petugas/akun/sandi", as: signed, call: mine(false, nil)},
	{route: "POST /petugas/akun/sandi", as: signed, call: mine(false, func(_ *testing.T, _ *side, _ *person, c *call) {
		c.form = texts{"current": password, "new": newPassword}
	}), news: []string{"sandi"}},
	{route: "POST /petugas/akun/sandi/kekuatan", as: signed, call: mine(false, func(_ *testing.T, _ *side, _ *person, c *call) {
		c.form = texts{"new": newPassword}
	})},
	{route: "GET /petugas/akun/pastikan", as: signed, call: mine(false, nil)},
	{route: "POST /petugas/akun/pastikan", as: signed, call: mine(true, func(t *testing.T, s *side, _ *person, c *call) {
		c.form = texts{"secret": code(t, s)}
	}), free: []string{"secret"}},
	{route: "POST /petugas/akun/pastikan/passkey/mulai", as: signed, call: mine(false, func(t *testing.T, s *side, p *person, _ *call) { s.withKey(t, p) })},
	{route: "POST /petugas/akun/pastikan/passkey", as: signed, once: true, call: mine(false, func(t *testing.T, s *side, p *person, c *call) {
		k := s.withKey(t, p)
		asked, err := s.w.ap.Auth.BeginPasskeyProof(t.Context(), s.t, s.actor(t, p), s.site())
		said := ceremony(t, s, k, asked, err)
		c.cookies, c.form = said.cookies, said.form
	})},
	{route: "GET /petugas/akun/wajib", as: signed, call: mine(false, nil)},
	{route: "GET /petugas/akun/aplikasi-kode", as: signed, call: mine(false, nil)},
	{route: "POST /petugas/akun/aplikasi-kode", as: signed, call: mine(false, func(t *testing.T, s *side, p *person, c *call) {
		app, err := s.w.ap.Auth.StartTOTP(t.Context(), s.t, s.actor(t, p))
		if err != nil {
			t.Fatal(err)
		}
		c.form = texts{"code": codeOf(t, s, app.Secret)}
	}), free: []string{"code"}, news: []string{"aplikasi"}},
	{route: "POST /petugas/akun/aplikasi-kode/hapus", as: plain, call: mine(true, nil), news: []string{"aplikasi-hapus"}},
	{route: "GET /petugas/akun/passkey", as: signed, call: mine(false, nil)},
	{route: "POST /petugas/akun/passkey/mulai", as: signed, call: mine(false, nil)},
	{route: "POST /petugas/akun/passkey", as: signed, once: true, call: mine(false, func(t *testing.T, s *side, p *person, c *call) {
		asked, err := s.w.ap.Auth.BeginPasskey(t.Context(), s.t, s.actor(t, p), s.site())
		if err != nil {
			t.Fatal(err)
		}
		c.cookies = texts{"passkey": asked.Token}
		c.form = texts{"name": "Ponsel", "answer": string(newPasskey(t, s.site(), p.id).made(t, asked))}
	}), news: []string{"passkey"}},
	{route: "POST /petugas/akun/passkey/:id/hapus", as: signed, call: mine(true, func(t *testing.T, s *side, p *person, c *call) {
		s.withKey(t, p)
		keys, err := s.w.ap.Auth.Keys(t.Context(), s.t, p.id)
		if err != nil {
			t.Fatal(err)
		}
		c.params = texts{"id": keys[0].ID.String()}
		s.keep(keys[0].ID.String())
	}), news: []string{"passkey-hapus"}},
	{route: "POST /petugas/akun/kode-cadangan", as: signed, call: mine(true, nil)},

	// Other people's accounts.
	{route: "GET /petugas/orang", as: admins, call: nothing},
	{route: "GET /petugas/orang/:id", as: admins, call: theirs(nil, nil)},
	{route: "POST /petugas/orang/:id/sesi/:session/akhiri", as: admins, call: theirs(nil, func(t *testing.T, s *side, p *person, c *call) {
		c.params["session"] = p.session.String()
	}), news: []string{"sesi"}},
	{route: "POST /petugas/orang/:id/akhiri-sesi", as: admins, call: theirs(nil, nil), news: []string{"sesi-lain"}},
	{route: "POST /petugas/orang/:id/atur-ulang", as: admins, call: theirs(texts{"recognised": "met"}, nil), news: []string{"atur-ulang"}},
	{route: "POST /petugas/orang/:id/undang", as: admins, call: theirs(nil, nil), news: []string{"undangan"}},
	{route: "POST /petugas/orang/:id/bekukan", as: admins, call: theirs(texts{"reason": "cuti"}, nil), news: []string{"bekukan"}},
	{route: "POST /petugas/orang/:id/pulihkan", as: admins, call: theirs(nil, nil), news: []string{"pulihkan"}},
	{route: "POST /petugas/orang/:id/lepas-akun-instansi", as: admins, call: theirs(nil, nil), news: []string{"lepas"}},
	{route: "POST /petugas/orang/cari", as: admins, call: func(t *testing.T, s *side, _ string) call {
		return call{form: texts{"q": s.fresh(t, authz.RoleOfficer, false).email}}
	}, said: map[string]int{"q": 200}}, // nobody is found
	{route: "GET /petugas/orang/undang", as: admins, call: nothing},
	{route: "POST /petugas/orang/undang", as: admins, call: func(_ *testing.T, s *side, _ string) call {
		return call{form: texts{"name": "Orang Baru", "email": newcomer(), "role": authz.RoleOfficer, "agency": "dukcapil", "counters": s.Counters[0].String()}}
	}, free: []string{"email"}, news: []string{"diundang"}},
	{route: "GET /petugas/orang/impor", as: admins, call: nothing},
	{route: "GET /petugas/orang/impor/contoh", as: admins, call: nothing},
	{route: "POST /petugas/orang/impor", as: admins, call: sheeted, free: []string{"isi"}},
	{route: "POST /petugas/orang/impor/berkas", as: admins, call: sheeted, free: []string{"isi"}},
	{route: "POST /petugas/orang/impor/undang", as: admins, call: sheeted, free: []string{"isi"}, news: []string{"impor"}},
	// An open region's people are invited from the page of people: those of its set-up lead there.
	{route: "GET /petugas/persiapan/petugas/impor", as: setters, call: nothing},
	{route: "GET /petugas/persiapan/petugas/templat.xlsx", as: setters, call: nothing},
	{route: "POST /petugas/persiapan/petugas/impor", as: setters, call: sheeted, free: []string{"isi"}},
	{route: "POST /petugas/persiapan/lambang", as: setters, call: func(t *testing.T, s *side, _ string) call {
		return call{query: texts{"tampak": s.crest(t)}, form: texts{"act": "remove"}}
	}, said: map[string]int{"tampak": 409}}, // a crest that is not the one there is told of, and stays
	{route: "GET /petugas/persiapan/mal", as: setters, call: nothing},
	{route: "GET /petugas/persiapan/mal/templat.xlsx", as: setters, call: nothing},
	{route: "POST /petugas/persiapan/mal", as: setters, call: func(t *testing.T, _ *side, _ string) call {
		raw, err := sheets.WriteXLSX(
			sheets.Table{Name: "Loket", Header: []string{"Loket", "Instansi", "Seri"}, Rows: [][]string{{"91", "dukcapil", "A"}}},
			sheets.Table{Name: "Layanan", Header: []string{"Instansi", "Nama Layanan"}, Rows: [][]string{{"dukcapil", "Legalisir surat adat"}}})
		if err != nil {
			t.Fatal(err)
		}
		return call{form: texts{"nama": "mpp.xlsx", "isi": base64.StdEncoding.EncodeToString(raw)}}
	}, free: []string{"isi"}},
	{route: "POST /petugas/orang/:id/peran", as: admins, call: theirs(texts{"role": authz.RoleManager}, nil), news: []string{"peran"}},
	{route: "POST /petugas/orang/:id/peran/ambil", as: admins, call: theirs(texts{"role": authz.RoleManager}, alsoManager), news: []string{"peran-ambil"}},
	{route: "POST /petugas/orang/:id/loket", as: admins, call: theirs(nil, func(_ *testing.T, s *side, _ *person, c *call) {
		c.form = texts{"agency": "dukcapil", "counters": s.Counters[0].String()}
	}), news: []string{"loket"}},
	{route: "POST /petugas/orang/:id/keluarkan", as: admins, call: theirs(nil, nil), news: []string{"keluar"}},
	{route: "POST /petugas/orang/:id/kembali", as: admins, call: theirs(texts{"role": authz.RoleOfficer, "agency": "dukcapil"}, func(t *testing.T, s *side, p *person, _ *call) {
		if err := s.w.ap.Auth.Remove(t.Context(), s.t, s.actor(t, s.people[authz.RoleAdmin]), p.id); err != nil {
			t.Fatal(err)
		}
	}), news: []string{"kembali"}},
	{route: "GET /api/v1/people", as: admins, call: nothing},
	{route: "POST /api/v1/people", as: admins, call: func(_ *testing.T, s *side, _ string) call {
		return call{json: texts{"name": "Orang Baru", "email": newcomer(), "role": authz.RoleOfficer, "agency": "dukcapil", "counters": list(s.Counters[0])}}
	}, free: []string{"email"}},
	{route: "POST /api/v1/people/import", as: admins, call: func(_ *testing.T, s *side, _ string) call {
		return call{json: texts{"people": `[{"name":"Orang Baru","email":"` + newcomer() + `","role":"officer","agency":"dukcapil","counters":["` + s.Counters[0].String() + `"]}]`}}
	}, said: map[string]int{"people": 422}}, // a counter that the agency has not
	{route: "GET /api/v1/people/:id", as: admins, call: theirs(nil, nil)},
	{route: "PUT /api/v1/people/:id/roles/:role", as: admins, call: theirs(nil, func(_ *testing.T, _ *side, _ *person, c *call) {
		c.params["role"] = authz.RoleManager
	})},
	{route: "DELETE /api/v1/people/:id/roles/:role", as: admins, call: theirs(nil, func(t *testing.T, s *side, p *person, c *call) {
		alsoManager(t, s, p, c)
		c.params["role"] = authz.RoleManager
	})},
	{route: "PUT /api/v1/people/:id/counters", as: admins, call: theirs(nil, func(_ *testing.T, s *side, _ *person, c *call) {
		c.query, c.json = texts{"agency": "dukcapil"}, texts{"counters": list(s.Counters[0])}
	})},
	{route: "DELETE /api/v1/people/:id", as: admins, call: theirs(nil, nil)},

	// The region's own domains.
	{route: "GET /petugas/domain", as: admins, call: nothing},
	{route: "POST /petugas/domain", as: admins, call: func(_ *testing.T, s *side, _ string) call {
		return call{form: texts{"host": "tanya." + s.Slug + ".go.id"}}
	}, free: []string{"host"}, news: []string{"diminta"}}, // anybody may ask for any name: the proof decides
	{route: "POST /petugas/domain/:host/periksa", as: admins, call: named("host", askedDomain), news: []string{"terbukti"}},
	{route: "POST /petugas/domain/:host/kembalikan", as: admins, call: named("host", askedDomain), news: []string{"dikembalikan"}},
	{route: "GET /api/v1/domains", as: admins, call: nothing},
	{route: "POST /api/v1/domains", as: admins, call: func(_ *testing.T, s *side, _ string) call {
		return call{json: texts{"host": "tanya." + s.Slug + ".go.id"}}
	}, free: []string{"host"}},
	{route: "GET /api/v1/domains/:host", as: admins, call: named("host", askedDomain)},
	{route: "POST /api/v1/domains/:host/check", as: admins, call: named("host", askedDomain)},
	{route: "DELETE /api/v1/domains/:host", as: admins, call: named("host", askedDomain)},
}

// lastCases are after all others.
var lastCases = []routeCase{
	// Going.
	{route: "POST /keluar", as: signed, call: mine(false, nil)},
	{route: "DELETE /api/v1/sessions/current", as: signed, call: mine(false, nil)},

	// The bare domain, and what every host answers.
	{route: "bare GET /", as: all, call: nothing},
	{route: "bare GET /daerah", as: all, call: func(*testing.T, *side, string) call { return call{query: texts{"q": "bangka"}} }},
	{route: "bare GET /provinsi/:code", as: all, call: func(*testing.T, *side, string) call { return call{params: texts{"code": "19"}} }},
	{route: "any GET /.well-known/security.txt", as: all, call: nothing},
	// Only at a domain of a region's own, while a certificate is ordered for it: the tests of package domains go there.
	{route: "any GET /.well-known/acme-challenge/:token", nobody: true, call: func(*testing.T, *side, string) call {
		return call{params: texts{"token": "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJyhk6Q"}}
	}},
	{route: "any GET /_/*", as: all, call: func(*testing.T, *side, string) call { return call{params: texts{"*": "0000000000/form.js"}} }},
	{route: "any GET /_/t/:hash/brand.css", as: all, call: func(*testing.T, *side, string) call { return call{params: texts{"hash": "0000000000"}} }},
	{route: "any GET /_/t/:hash/logo.svg", as: all, call: func(*testing.T, *side, string) call { return call{params: texts{"hash": "0000000000"}} }},
	{route: "any GET /healthz", as: all, call: nothing},
	{route: "any GET /readyz", as: all, call: nothing},

	// Changing over from an old queue system: last, for no numbers are given meanwhile.
	{route: "GET /petugas/peralihan", as: runners, call: nothing},
	{route: "POST /petugas/peralihan", as: runners, call: func(_ *testing.T, s *side, _ string) call {
		return call{form: texts{"kapan": "nanti", "tanggal": s.t.Today(s.w.db.Now()).Add(2).String(), "jam": "07:00", "seri": s.Series[0].String(), "diberikan": "5", "dipanggil": "5"}}
	}, news: []string{"alih"}},
	{route: "POST /petugas/peralihan/berkas", as: runners, call: func(*testing.T, *side, string) call {
		return call{form: texts{"isi": base64.StdEncoding.EncodeToString([]byte("Seri,Terakhir diberikan,Terakhir dipanggil\nA,5,5\n"))}}
	}},
	{route: "GET /petugas/peralihan/laporan", as: runners, call: nothing},
	{route: "POST /petugas/peralihan/kembali", as: runners, call: func(t *testing.T, s *side, _ string) call {
		s.plansSwitch(t, 0)
		return call{}
	}, news: []string{"kembali"}},
	{route: "POST /petugas/peralihan/batal", as: runners, call: func(t *testing.T, s *side, _ string) call {
		s.plansSwitch(t, time.Hour)
		return call{}
	}, news: []string{"batal"}},
}

// newcomer is an address that nobody has yet.
func newcomer() string { return "baru-" + id.New().String() + "@tamu.test" }

// list is an identifier as the only one of a JSON array.
func list(of id.ID) string { return `["` + of.String() + `"]` }

// alsoManager gives somebody a second role.
func alsoManager(t *testing.T, s *side, p *person, _ *call) {
	t.Helper()
	if _, err := s.w.ap.Auth.Give(t.Context(), s.t, s.actor(t, s.people[authz.RoleAdmin]), p.id, auth.Post{Role: authz.RoleManager}); err != nil {
		t.Fatal(err)
	}
}

// ceremony is a device's answer to a challenge, as a browser sends it.
func ceremony(t *testing.T, s *side, k *passkey, c auth.Ceremony, err error) call {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s.keep(c.Token)
	return call{cookies: texts{"passkey": c.Token}, form: texts{"answer": string(k.answer(t, c))}}
}

func randomBytes() []byte {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return b
}
