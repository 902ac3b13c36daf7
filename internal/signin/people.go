package signin

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// Where the pages about other people live. What is searched for is sent by the form and stands in no address, which
// proxies keep: it is a name or an e-mail.
const (
	pathPeople = "/petugas/orang"
	pathFind   = pathPeople + "/cari"
	pathInvite = pathPeople + "/undang"
)

// places are the region's agencies, to name them by.
type places []auth.Place

// agency finds one by its code.
func (l places) agency(code string) (auth.Place, bool) {
	i := slices.IndexFunc(l, func(p auth.Place) bool { return p.Code == code })
	if i < 0 {
		return auth.Place{}, false
	}
	return l[i], true
}

// elsewhere tells whether counters are the region's, all of them, and some are not of an agency that it has.
func (l places) elsewhere(agency string, counters []id.ID) bool {
	of := map[id.ID]string{}
	for _, a := range l {
		for _, k := range a.Counters {
			of[k.ID] = a.Code
		}
	}
	slipped := false
	for _, c := range counters {
		at, ours := of[c]
		if !ours {
			return false
		}
		slipped = slipped || at != agency
	}
	_, known := l.agency(agency)
	return slipped && known
}

// name is what an agency is called where a row must be short; its code where it is gone for good.
func (l places) name(p ui.Page, code string) string {
	a, ok := l.agency(code)
	if !ok {
		return code
	}
	if p.Locale == i18n.EN {
		return cmp.Or(a.ShortEN, a.NameEN, a.Short, a.Name)
	}
	return cmp.Or(a.Short, a.Name)
}

// post is a role with where it holds: "Petugas loket, Dukcapil".
func (l places) post(p ui.Page, x auth.Post) string {
	role := p.T("web.role." + x.Role)
	if x.Agency == "" {
		return role
	}
	return role + ", " + l.name(p, x.Agency)
}

// peopleView is the list.
type peopleView struct {
	People   []auth.Person
	Places   places
	Filter   auth.Filter
	Searched bool // by a name or an address
	Total    int
	Agencies []ui.Option
	Roles    []ui.Option
	States   []ui.Option
	Prev     string
	Next     string
	MayAdd   bool
	Done     string
}

func (v peopleView) filtered() bool {
	return v.Searched || v.Filter.Agency+v.Filter.Role != "" || v.Filter.State != ""
}

// where says which of how many are shown.
func (v peopleView) where(p ui.Page) string {
	from := max(v.Filter.Page-1, 0)*auth.PageSize + 1
	return p.T("signin.shown", from, from+len(v.People)-1, v.Total)
}

// about is the second line of somebody in the list: what they hold, and their address.
func (v peopleView) about(p ui.Page, a auth.Person) string {
	var held []string
	for _, h := range a.Held {
		if h.Own {
			held = append(held, v.Places.post(p, h.Post))
		} else {
			held = append(held, p.T("web.role."+h.Grant.Role))
		}
	}
	if len(held) == 0 {
		return a.Email
	}
	return strings.Join(held, "; ") + "; " + a.Email
}

// readFilter reads what the list is to show: no text, for that comes by the form alone.
func readFilter(field func(string) string) auth.Filter {
	f := auth.Filter{Agency: field("instansi"), Role: field("peran"), State: auth.State(field("keadaan"))}
	if !slices.Contains(auth.States, f.State) {
		f.State = ""
	}
	if !slices.Contains(authz.Roles(), f.Role) {
		f.Role = ""
	}
	f.Page, _ = strconv.Atoi(field("hal"))
	f.Page = min(max(f.Page, 1), 1000)
	return f
}

// address is the list under a filter.
func address(f auth.Filter, page int) string {
	q := url.Values{}
	for name, value := range map[string]string{"instansi": f.Agency, "peran": f.Role, "keadaan": string(f.State)} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if page > 1 {
		q.Set("hal", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return pathPeople
	}
	return pathPeople + "?" + q.Encode()
}

func (h handlers) people(c *web.Ctx) error { return h.showPeople(c, readFilter(c.Query)) }

// find shows those whom a name or an address fits. The filter goes along.
func (h handlers) find(c *web.Ctx) error {
	f := readFilter(c.Form)
	f.Text = strings.TrimSpace(c.Form("q"))
	f.Page = 1
	if len(f.Text) > 254 {
		f.Text = f.Text[:254]
	}
	return h.showPeople(c, f)
}

func (h handlers) showPeople(c *web.Ctx, f auth.Filter) error {
	p := h.ui(c, "signin.people")
	p.Path = pathPeople
	v := peopleView{Filter: f, Searched: f.Text != "", Done: done(c)}
	var err error
	if v.Places, err = h.places(c); err != nil {
		return err
	}
	if v.People, v.Total, err = h.door.People(c.Std(), c.Tenant, c.Actor, f); err != nil {
		return err
	}
	v.Agencies = append([]ui.Option{{Label: p.T("signin.any_agency")}}, h.agencies(c, p, v.Places, auth.PermPeople)...)
	v.Roles = []ui.Option{{Label: p.T("signin.any_role")}}
	for _, role := range auth.GivenRoles {
		if auth.MayGiveSomewhere(c.Actor, c.Tenant, role) {
			v.Roles = append(v.Roles, ui.Option{Value: role, Label: p.T("web.role." + role)})
			v.MayAdd = true
		}
	}
	v.States = []ui.Option{{Label: p.T("signin.any_state")}}
	for _, s := range auth.States {
		if s == auth.StateRemoved && !c.Actor.Can(auth.PermPeople, c.Tenant.Scope) {
			continue // holds no role, and so is nobody's but the region's
		}
		v.States = append(v.States, ui.Option{Value: string(s), Label: p.T("signin.state." + string(s))})
	}
	if f.Text == "" && f.Page > 1 {
		v.Prev = address(f, f.Page-1)
	}
	if f.Text == "" && f.Page*auth.PageSize < v.Total {
		v.Next = address(f, f.Page+1)
	}
	return c.Page(fiber.StatusOK, peoplePage(p, v))
}

func (h handlers) places(c *web.Ctx) (places, error) {
	all, err := h.door.Places(c.Std(), c.Tenant)
	return all, err
}

// agencies are those that are in use in which the actor may do something.
func (h handlers) agencies(c *web.Ctx, p ui.Page, all places, perm authz.Permission) (out []ui.Option) {
	for _, a := range all {
		if !a.Retired && c.Actor.Can(perm, c.Tenant.AgencyScope(a.Code)) {
			name := a.Name
			if p.Locale == i18n.EN && a.NameEN != "" {
				name = a.NameEN
			}
			out = append(out, ui.Option{Value: a.Code, Label: name})
		}
	}
	return out
}

// postForm is the choice of a role and where it holds.
type postForm struct {
	Roles    []roleChoice
	Agencies []ui.Option
	Agency   string
	Form     form
}

type roleChoice struct {
	Value, Label, About string
	Checked             bool
}

// posts offers the roles that the actor may give, and the agencies in which they may.
func (h handlers) posts(c *web.Ctx, p ui.Page, all places, role, agency string, f form) postForm {
	out := postForm{Agency: agency, Form: f}
	for _, r := range auth.GivenRoles {
		if auth.MayGiveSomewhere(c.Actor, c.Tenant, r) {
			out.Roles = append(out.Roles, roleChoice{r, p.T("web.role." + r), p.T("web.role_about." + r), r == role})
		}
	}
	out.Agencies = h.agencies(c, p, all, auth.PermPeople)
	if whole := c.Actor.Can(auth.PermPeople, c.Tenant.Scope); whole || len(out.Agencies) != 1 {
		out.Agencies = append([]ui.Option{{Label: p.T("signin.no_agency")}}, out.Agencies...)
	}
	return out
}

// postOf is what such a form sends. An agency that was left chosen beside a role of the whole mall is no mistake.
func postOf(c *web.Ctx) auth.Post {
	p := auth.Post{Role: c.Form("role"), Agency: c.Form("agency")}
	if !auth.OfAgency(p.Role) {
		p.Agency = ""
	}
	return p
}

// inviteView is the form by which somebody is invited.
type inviteView struct {
	Name, Email string
	Post        postForm
	Counters    []counterGroup
	Taken       string // the page of whose the address is already
	Form        form
}

// counterGroup are an agency's counters to choose from.
type counterGroup struct {
	Code     string // the agency's
	Agency   string
	Counters []counterChoice
}

type counterChoice struct {
	ID      id.ID
	Name    string
	Checked bool
}

func counterChoices(a auth.Place, chosen []id.ID) (out []counterChoice) {
	for _, k := range a.Counters {
		name := k.Name
		if k.Place != "" {
			name += ", " + k.Place
		}
		out = append(out, counterChoice{k.ID, name, slices.Contains(chosen, k.ID)})
	}
	return out
}

// inviteAbout and inviteWord say what another invitation does: who has no password yet loses none.
func inviteAbout(p ui.Page, v personView) string {
	if v.State == auth.StateInvited {
		return p.T("signin.invite_again_about")
	}
	return p.T("signin.invite_about")
}

func inviteWord(p ui.Page, v personView) string {
	if v.State == auth.StateInvited {
		return p.T("signin.invite_again")
	}
	return p.T("signin.invite")
}

func (h handlers) invitePage(c *web.Ctx) error {
	if !slices.ContainsFunc(auth.GivenRoles, func(role string) bool { return auth.MayGiveSomewhere(c.Actor, c.Tenant, role) }) {
		return fault.New(fault.NotFound, "page") // the platform's people are invited by a command
	}
	return h.showInvite(c, fiber.StatusOK, inviteView{}, auth.Post{Agency: c.Query("instansi")}, nil)
}

func (h handlers) showInvite(c *web.Ctx, status int, v inviteView, post auth.Post, counters []id.ID) error {
	p := h.ui(c, "signin.invite_title")
	p.Path = pathInvite
	all, err := h.places(c)
	if err != nil {
		return err
	}
	v.Post = h.posts(c, p, all, post.Role, post.Agency, v.Form)
	for _, a := range all {
		if !a.Retired && len(a.Counters) > 0 && auth.MayGive(c.Actor, c.Tenant, auth.Post{Role: authz.RoleOfficer, Agency: a.Code}) {
			v.Counters = append(v.Counters, counterGroup{a.Code, all.name(p, a.Code), counterChoices(a, counters)})
		}
	}
	return c.Page(status, invitePage(p, v))
}

// counterIDs are the counters that a form chose. One that is none is the fault "not_found".
func counterIDs(c *web.Ctx) (out []id.ID, err error) {
	for _, text := range c.FormAll("counters") {
		one, err := id.Parse(text)
		if err != nil {
			return nil, fault.New(fault.NotFound, "not_found")
		}
		out = append(out, one)
	}
	return out, nil
}

func (h handlers) add(c *web.Ctx) error {
	counters, err := counterIDs(c)
	if err != nil {
		return err
	}
	post := postOf(c)
	chosen := counters
	if post.Role != authz.RoleOfficer {
		chosen = nil
	}
	v := inviteView{Name: c.Form("name"), Email: c.Form("email")}
	user, _, err := h.door.Add(c.Std(), c.Tenant, c.Actor, auth.Newcomer{Name: v.Name, Email: v.Email, Post: post, Counters: chosen})
	if fault.Is(err, "not_found") && len(chosen) > 0 {
		all, failed := h.places(c)
		if failed != nil {
			return failed
		}
		if all.elsewhere(post.Agency, chosen) { // without a script all counters are shown, and one may slip
			err = fault.New(fault.Invalid, "invalid").Field("counters", "counters_elsewhere")
		}
	}
	if fault.Is(err, "auth.taken") && !user.IsZero() {
		v.Taken = personPath(user)
	}
	if err != nil {
		if k := fault.KindOf(err); k == fault.NotFound || k == fault.Forbidden {
			return err
		}
		status, err := v.Form.say(c, err)
		if err != nil {
			return err
		}
		return h.showInvite(c, status, v, post, counters)
	}
	return c.SeeOther(personPath(user) + "?kabar=diundang")
}

// personView is one person's account, as an administrator sees it.
type personView struct {
	auth.Person
	Path     string
	Self     bool // the administrator's own, which is looked after elsewhere
	Places   places
	Posts    []heldRow
	Give     postForm
	Sessions []sessionRow
	May      []mayRow
	Bonds    []string // names of the agencies at whose providers they have an account
	Done     string
	Form     form
	Giving   bool // the form of the roles is what came back
}

// heldRow is a role that the person holds.
type heldRow struct {
	auth.Held
	Role, Where, About string
	Mine               bool // the actor may take it away
	Counters           []counterChoice
	At                 string // the counters at which they work; "": not bound to counters
}

func (h handlers) person(c *web.Ctx) error { return h.showPerson(c, fiber.StatusOK, form{}, false) }

func (h handlers) showPerson(c *web.Ctx, status int, f form, giving bool) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	person, err := h.door.Person(c.Std(), c.Tenant, c.Actor, user)
	if err != nil {
		return err
	}
	v := personView{Person: person, Path: personPath(user), Self: user == c.Actor.UserID, Done: done(c), Form: f, Giving: giving}
	p := h.ui(c, "signin.people")
	p.Title = cmp.Or(person.Name, p.T("web.erased"))
	p.Path = v.Path
	if v.Places, err = h.places(c); err != nil {
		return err
	}
	for _, held := range person.Held {
		v.Posts = append(v.Posts, h.heldRow(c, p, v, held))
	}
	v.Give = h.posts(c, p, v.Places, c.Form("role"), c.Form("agency"), form{})
	if giving {
		v.Give.Form = f
	}
	rows, err := h.door.Sessions(c.Std(), c.Tenant, user)
	if err != nil {
		return err
	}
	for _, s := range rows {
		name, err := h.doorName(c, s.Via)
		if err != nil {
			return err
		}
		v.Sessions = append(v.Sessions, sessionRow{s, s.ID == c.Actor.SessionID, v.Path + "/sesi/" + s.ID.String() + "/akhiri", name})
	}
	if v.Bonds, err = h.doorNames(c, person.Bound); err != nil {
		return err
	}
	v.May = mayDo(c, p, v.Places, person.Grants)
	return c.Page(status, personPage(p, v))
}

func (h handlers) heldRow(c *web.Ctx, p ui.Page, v personView, held auth.Held) heldRow {
	row := heldRow{Held: held, Role: p.T("web.role." + held.Grant.Role)}
	if !held.Own {
		row.Where = held.Scope
		return row
	}
	row.About = p.T("web.role_about." + held.Post.Role)
	row.Mine = !v.Self && auth.MayGive(c.Actor, c.Tenant, held.Post)
	if held.Post.Agency == "" {
		return row
	}
	row.Where = v.Places.name(p, held.Post.Agency)
	a, ok := v.Places.agency(held.Post.Agency)
	if held.Post.Role != authz.RoleOfficer || !ok {
		return row
	}
	var at []string
	for _, k := range a.Counters {
		if slices.Contains(v.Person.Counters, k.ID) {
			at = append(at, k.Name)
		}
	}
	row.At = p.T("signin.counters_all")
	if len(at) > 0 {
		row.At = p.Print().List(at...)
	}
	row.Counters = counterChoices(a, v.Person.Counters)
	return row
}

// mayRow is something that a person may do.
type mayRow struct {
	What  string // the permission's sentence
	Where string // an agency's name; "" is all of the region
	Why   string // the roles that lead to it: "Manajer MPP, Meja depan"
}

// mayDo lists what somebody may do beyond what everyone may, and through which roles: what the command "access list"
// says.
func mayDo(c *web.Ctx, p ui.Page, all places, grants []authz.Grant) (out []mayRow) {
	for _, m := range authz.Allowed(grants) {
		row := mayRow{What: m.Permission.Text(string(c.Locale))}
		if part, inside := strings.CutPrefix(m.Scope, c.Tenant.Scope+"/"); inside {
			row.Where = all.name(p, part)
		}
		var roles []string
		for _, role := range m.Why[0].Roles() {
			roles = append(roles, p.T("web.role."+role))
		}
		row.Why = strings.Join(roles, ", ")
		out = append(out, row)
	}
	return out
}

func personPath(user id.ID) string { return pathPeople + "/" + user.String() }

// endTheirs ends one session of another person. One's own are ended on one's own page.
func (h handlers) endTheirs(c *web.Ctx) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	which, err := c.ID("session")
	if err != nil {
		return err
	}
	if user == c.Actor.UserID {
		return fault.New(fault.Conflict, "auth.self")
	}
	if err := h.door.EndSession(c.Std(), c.Tenant, c.Actor, user, which); err != nil {
		return err
	}
	return c.SeeOther(personPath(user) + "?kabar=sesi")
}

// act does something to a person's account and shows it again.
func (h handlers) act(c *web.Ctx, word string, do func(context.Context, *tenant.Tenant, *authz.Actor, id.ID) error) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	if err := do(c.Std(), c.Tenant, c.Actor, user); err != nil {
		return err
	}
	return c.SeeOther(personPath(user) + "?kabar=" + word)
}

// asked is act for what may be refused with a word on the page: giving says that the form of the roles was sent.
func (h handlers) asked(c *web.Ctx, word string, giving bool, do func(context.Context, *tenant.Tenant, *authz.Actor, id.ID) error) error {
	err := h.act(c, word, do)
	if k := fault.KindOf(err); err == nil || k != fault.Invalid && k != fault.Conflict {
		return err
	}
	var f form
	status, err := f.say(c, err)
	if err != nil {
		return err
	}
	return h.showPerson(c, status, f, giving)
}

func (h handlers) endAll(c *web.Ctx) error { return h.act(c, "sesi-lain", h.door.EndAll) }
func (h handlers) resume(c *web.Ctx) error { return h.act(c, "pulihkan", h.door.Resume) }

func (h handlers) reset(c *web.Ctx) error {
	return h.asked(c, "atur-ulang", false, func(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
		return h.door.ResetFactors(ctx, t, by, user, auth.Recognised(c.Form("recognised")))
	})
}

func (h handlers) suspend(c *web.Ctx) error {
	return h.asked(c, "bekukan", false, func(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
		return h.door.Suspend(ctx, t, by, user, c.Form("reason"))
	})
}

func (h handlers) give(c *web.Ctx) error {
	return h.asked(c, "peran", true, func(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
		_, err := h.door.Give(ctx, t, by, user, postOf(c))
		return err
	})
}

func (h handlers) take(c *web.Ctx) error {
	return h.asked(c, "peran-ambil", false, func(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
		_, err := h.door.Take(ctx, t, by, user, postOf(c))
		return err
	})
}

func (h handlers) counters(c *web.Ctx) error {
	chosen, err := counterIDs(c)
	if err != nil {
		return err
	}
	return h.asked(c, "loket", false, func(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
		_, err := h.door.SetCounters(ctx, t, by, user, c.Form("agency"), chosen)
		return err
	})
}

// remove takes somebody off. Who holds no role any more is not an agency's to see: its administrator goes on at the list.
func (h handlers) remove(c *web.Ctx) error {
	whole := c.Actor.Can(auth.PermPeople, c.Tenant.Scope)
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	if whole {
		return h.asked(c, "keluar", false, h.door.Remove)
	}
	if err := h.door.Remove(c.Std(), c.Tenant, c.Actor, user); err != nil {
		return err
	}
	return c.SeeOther(pathPeople + "?kabar=keluar")
}

func (h handlers) bringBack(c *web.Ctx) error {
	return h.asked(c, "kembali", true, func(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
		return h.door.Return(ctx, t, by, user, postOf(c))
	})
}

// factorWords says what somebody has beside the password, or beside their agency's account.
func factorWords(p ui.Page, a auth.Person) string {
	f, have := a.Factors, []string(nil)
	if f.TOTP {
		have = append(have, p.T("signin.has_app"))
	}
	if f.Passkeys > 0 {
		have = append(have, p.T("signin.has_keys", f.Passkeys))
	}
	if len(have) == 0 && !a.Password && len(a.Bound) > 0 {
		return p.T("signin.has_provider")
	}
	if len(have) == 0 {
		return p.T("signin.has_none")
	}
	return p.Print().List(have...)
}
