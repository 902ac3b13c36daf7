package tenant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/tenants"
)

// staffed is what people hold, as it stands in the database.
type staffed struct {
	users
	grants   map[id.ID][]Grant
	counters map[id.ID][]UserCounter
}

func staffOf(ctx context.Context, tx *store.Tx) (s staffed, err error) {
	if s.users, err = usersByIndex(ctx, tx); err != nil {
		return s, err
	}
	grants, err := store.Select[Grant](tx).Order("role", "scope").All(ctx)
	if err != nil {
		return s, err
	}
	counters, err := store.Select[UserCounter](tx).Order("counter_id").All(ctx)
	s.grants, s.counters = map[id.ID][]Grant{}, map[id.ID][]UserCounter{}
	for _, g := range grants {
		s.grants[g.UserID] = append(s.grants[g.UserID], g)
	}
	for _, c := range counters {
		s.counters[c.UserID] = append(s.counters[c.UserID], c)
	}
	return s, err
}

func (s staffed) holds(user id.ID, g *Grant) bool {
	return slices.ContainsFunc(s.grants[user], func(h Grant) bool { return h.Role == g.Role && h.Scope == g.Scope })
}

// drift lists what an apply would change of people's roles beside what differs between the manifests: what was taken
// away on the page since, and the manifest still gives; and what was given on the page to people whom the manifest names
// no longer, for it goes with them.
func (p *Provisioner) drift(ctx context.Context, t ID, old, new *tenants.Region) (out []tenants.Change, err error) {
	if old == nil {
		return nil, nil
	}
	err = p.DB.View(ctx, t, func(ctx context.Context, tx *store.Tx) error {
		out = nil
		have, err := staffOf(ctx, tx)
		if err != nil || have.keys.Erased() {
			return err
		}
		scope := ScopeOf(new.Code)
		for _, person := range new.Staff {
			was, named := find(old.Staff, person.Email)
			u, err := have.find(person.Email)
			if err != nil {
				return err
			}
			if !named || u == nil {
				continue // the manifests' own difference says it
			}
			if u.Retired {
				out = append(out, back(person, tenants.Post{}, ""))
				continue
			}
			for _, post := range person.Posts() {
				i := slices.IndexFunc(was.Posts(), func(o tenants.Post) bool { return o.Role == post.Role && o.Agency == post.Agency })
				if i < 0 {
					continue
				}
				if !have.holds(u.ID, grantOf(scope, u.ID, post)) {
					out = append(out, back(person, post, ""))
					continue
				}
				for _, key := range post.Counters {
					at := func(c UserCounter) bool { return c.CounterID == CounterID(t, key) }
					if slices.Contains(was.Posts()[i].Counters, key) && !slices.ContainsFunc(have.counters[u.ID], at) {
						out = append(out, back(person, post, key))
					}
				}
			}
		}
		for _, person := range old.Staff {
			if _, stays := find(new.Staff, person.Email); stays {
				continue
			}
			u, err := have.find(person.Email)
			if err != nil {
				return err
			}
			if u == nil || u.Retired || u.Source != FromManifest {
				continue
			}
			for _, g := range have.grants[u.ID] {
				if g.Source != FromManifest {
					out = append(out, along(person, g, scope))
				}
			}
		}
		return nil
	})
	return out, err
}

func find(staff []tenants.Person, email string) (tenants.Person, bool) {
	i := slices.IndexFunc(staff, func(p tenants.Person) bool { return seal.Email(p.Email) == seal.Email(email) })
	if i < 0 {
		return tenants.Person{}, false
	}
	return staff[i], true
}

// back is the line for what comes back: a person, a role of theirs, or a counter.
func back(p tenants.Person, post tenants.Post, counter string) tenants.Change {
	c := tenants.Change{Kind: tenants.Add, Path: "staff/" + strings.ToLower(p.Email)}
	id, en := p.Name, p.Name
	lost, lostEN := "dikeluarkan di halaman", "removed on the page"
	if post.Role != "" {
		c.Field = "role"
		id, en = tenants.PostText(tenants.Post{Role: post.Role, Agency: post.Agency})
		lost, lostEN = "diambil di halaman", "taken away on the page"
	}
	if counter != "" {
		c.Field = "counters"
		id, en = "loket "+counter, "counter "+counter
	}
	c.New = id
	c.Text = "+ " + c.Path + ": " + id + " (" + lost + ", folder ini mengembalikannya)"
	c.TextEN = "+ " + c.Path + ": " + en + " (" + lostEN + ", this folder gives it back)"
	return c
}

// along is the line for what somebody was given on the page and loses with their place in the manifest.
func along(p tenants.Person, g Grant, region string) tenants.Change {
	post := tenants.Post{Role: tenants.Role(g.Role), Agency: strings.TrimPrefix(strings.TrimPrefix(g.Scope, region), "/")}
	id, en := tenants.PostText(post)
	path := "staff/" + strings.ToLower(p.Email)
	return tenants.Change{
		Kind: tenants.Remove, Path: path, Field: "role", Old: id,
		Text:   "- " + path + ": " + id + " (diberikan di halaman, ikut diambil)",
		TextEN: "- " + path + ": " + en + " (given on the page, goes as well)",
	}
}

// Current is the manifest of what holds now: the one that was applied, with the people who are here and the roles that
// they hold, whoever gave these. Applied, it changes nobody's rights. left counts people who hold only what no manifest
// can give, such as an overseer's role: they stand in none, and an apply leaves them alone.
func (p *Provisioner) Current(ctx context.Context, code string) (region *tenants.Region, left int, err error) {
	row, _, region, err := p.find(ctx, code)
	if err != nil || row == nil {
		return nil, 0, err
	}
	err = p.DB.View(ctx, row.ID, func(ctx context.Context, tx *store.Tx) error {
		have, err := staffOf(ctx, tx)
		if err != nil || have.keys.Erased() {
			return err
		}
		places, err := counterKeys(ctx, tx)
		if err != nil {
			return err
		}
		var first, added []tenants.Person
		seen := map[id.ID]bool{}
		left = 0
		for _, declared := range region.Staff {
			u, err := have.find(declared.Email)
			if err != nil {
				return err
			}
			if u == nil || u.Retired {
				continue
			}
			seen[u.ID] = true
			held := have.person(u, places, region, declared)
			if held.Role == "" {
				left++
				continue
			}
			if held.Name, _, err = u.Open(ctx, have.keys); err != nil {
				return err
			}
			first = append(first, held)
		}
		for _, u := range have.rows {
			if seen[u.ID] || u.Retired || len(have.grants[u.ID]) == 0 {
				continue
			}
			var someone tenants.Person
			if someone.Name, someone.Email, err = u.Open(ctx, have.keys); err != nil {
				return err
			}
			if held := have.person(u, places, region, someone); held.Role != "" {
				added = append(added, held)
			} else {
				left++
			}
		}
		slices.SortFunc(added, func(a, b tenants.Person) int { return strings.Compare(a.Email, b.Email) })
		region.Staff = append(first, added...)
		return nil
	})
	return region, left, err
}

// place is whose a counter is, and what a manifest calls it.
type place struct{ agency, key string }

func counterKeys(ctx context.Context, tx *store.Tx) (map[id.ID]place, error) {
	type named struct {
		ID     id.ID  `bun:"id"`
		Agency string `bun:"agency"`
		Venue  string `bun:"venue"`
		Code   string `bun:"code"`
	}
	rows, err := store.Query[named](ctx, tx, store.From{"counters", "agencies", "venues"}, `
		select c.id, a.code as agency, v.code as venue, c.code from counters c
		join agencies a on a.tenant_id = c.tenant_id and a.id = c.agency_id
		join venues v on v.tenant_id = c.tenant_id and v.id = c.venue_id where not c.retired`)
	out := map[id.ID]place{}
	for _, r := range rows {
		out[r.ID] = place{r.Agency, r.Venue + "/" + r.Code}
	}
	return out, err
}

// person is a person of a manifest with what they hold: as declared says it, as far as that still holds, then what
// else they have.
func (s staffed) person(u *User, places map[id.ID]place, of *tenants.Region, declared tenants.Person) tenants.Person {
	region := ScopeOf(of.Code)
	var posts []tenants.Post
	for _, g := range s.grants[u.ID] {
		post := tenants.Post{Role: tenants.Role(g.Role)}
		agency, inside := strings.CutPrefix(g.Scope, region+"/")
		if inside {
			post.Agency = agency
		}
		bound := post.Role == tenants.RoleOfficer || post.Role == tenants.RoleAgencyAdmin
		if !inside && g.Scope != region || bound != inside || !slices.Contains(declarable, post.Role) || inside && !offers(of, agency) {
			continue
		}
		if post.Role == tenants.RoleOfficer {
			for _, c := range s.counters[u.ID] {
				if at := places[c.CounterID]; at.agency == agency {
					post.Counters = append(post.Counters, at.key)
				}
			}
		}
		posts = append(posts, post)
	}
	out := tenants.Person{Email: declared.Email, Name: declared.Name}
	was := declared.Posts()
	rank := func(p tenants.Post) int {
		i := slices.IndexFunc(was, func(o tenants.Post) bool { return o.Role == p.Role && o.Agency == p.Agency })
		if i < 0 {
			return len(was)
		}
		return i
	}
	slices.SortStableFunc(posts, func(a, b tenants.Post) int { return cmp.Compare(rank(a), rank(b)) })
	for i := range posts {
		var order []string
		if n := rank(posts[i]); n < len(was) {
			order = was[n].Counters
		}
		slices.SortFunc(posts[i].Counters, func(a, b string) int { // as they were written, so that nothing seems to change
			x, y := slices.Index(order, a), slices.Index(order, b)
			if x < 0 {
				x = len(order)
			}
			if y < 0 {
				y = len(order)
			}
			return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
		})
	}
	if len(posts) == 0 {
		return out
	}
	out.Role, out.Agency, out.Counters = posts[0].Role, posts[0].Agency, posts[0].Counters
	if len(posts) > 1 {
		out.Also = posts[1:]
	}
	return out
}

// offers tells whether an agency is in the region: a role may have outlived it.
func offers(r *tenants.Region, agency string) bool {
	return slices.ContainsFunc(r.Agencies, func(a tenants.Agency) bool { return a.Code == agency })
}

// declarable are the roles that a manifest gives.
var declarable = []tenants.Role{tenants.RoleOfficer, tenants.RoleAgencyAdmin, tenants.RoleFrontOffice, tenants.RoleManager, tenants.RoleAdmin}

// putPeople adds who is new, with a password, and renews the names of who was there; it gathers their roles
// and counters. The password of somebody who was there is theirs: an apply neither reads nor writes it.
func (p *projection) putPeople(ctx context.Context) error {
	have, err := usersByIndex(ctx, p.tx)
	if err != nil {
		return err
	}
	var added []*User
	var claimed []id.ID // who was invited on the page and is named now
	for _, s := range p.r.Staff {
		email := seal.Email(s.Email) // as auth compares it
		u, err := have.find(email)
		if err != nil {
			return err
		}
		// Not named after the e-mail as other rows are after their code: the name would tell it.
		user := id.New()
		if u != nil {
			user = u.ID
		}
		if u == nil || u.Retired {
			f, ok := p.first[email]
			if !ok {
				return fmt.Errorf("%s was removed by somebody else at the same time: run plan again", s.Role)
			}
			row := &User{ID: user, PasswordHash: f.hash, CreatedAt: p.tx.Now(), Source: FromManifest}
			if p.passwordHolds > 0 {
				row.PasswordUntil = p.tx.Now().Add(p.passwordHolds)
			}
			if err := row.Seal(have.keys, email, s.Name); err != nil {
				return err
			}
			added = append(added, row)
			if u != nil {
				p.left = append(p.left, user)
			}
			p.accounts = append(p.accounts, Account{s.Name, email, string(s.Role), f.clear, user})
		} else if err := have.rename(ctx, p.tx, u, s.Name); err != nil {
			return err
		} else if u.Source != FromManifest {
			claimed = append(claimed, user)
		}
		p.users = append(p.users, user)
		p.gatherRights(user, s)
	}
	for _, u := range have.rows {
		if u.Source == FromManifest && !u.Retired && !slices.Contains(p.users, u.ID) {
			p.left = append(p.left, u.ID)
		}
	}
	if len(claimed) > 0 {
		if _, err := store.Update[User](p.tx).Set("source = ?", FromManifest).Where("id in ?", bun.Tuple(claimed)).Exec(ctx); err != nil {
			return err
		}
	}
	return store.Upsert(ctx, p.tx, added...)
}

// putGrants gives what the manifest says and takes what it says no longer. What was given otherwise stays, but that of
// people who leave: nobody who comes back one day finds a role waiting.
func (p *projection) putGrants(ctx context.Context) error {
	return store.ReplaceMine(ctx, p.tx, func(g Grant) bool { return g.Source == FromManifest || slices.Contains(p.left, g.UserID) }, p.grants...)
}

func (p *projection) gatherRights(user id.ID, s tenants.Person) {
	for _, post := range s.Posts() {
		p.grants = append(p.grants, grantOf(p.scope, user, post))
		for _, key := range post.Counters {
			p.userCounters = append(p.userCounters, &UserCounter{UserID: user, CounterID: CounterID(p.tx.Tenant(), key), Source: FromManifest})
		}
	}
}

// grantOf is the grant that a post of the manifest becomes.
func grantOf(region string, user id.ID, post tenants.Post) *Grant {
	if post.Agency != "" {
		region += "/" + post.Agency
	}
	return &Grant{UserID: user, Role: string(post.Role), Scope: region, Source: FromManifest}
}

// retirePeople retires those whom the manifest named and names no longer.
func (p *projection) retirePeople(ctx context.Context) error {
	u := store.Update[User](p.tx).Set("retired = true").Where("not retired and source = ?", FromManifest)
	if len(p.users) > 0 {
		u = u.Where("id not in ?", bun.Tuple(p.users))
	}
	_, err := u.Exec(ctx)
	return err
}
