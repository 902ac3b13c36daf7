package auth

import (
	"bytes"
	"context"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/tenants"
)

// PermPeople is looking after accounts: everybody's of a region, or of an agency those of who works nowhere else.
var PermPeople = authz.Declare("signin:person:manage",
	"Mengurus akun petugas: mengundang, mengakhiri sesi, menghapus langkah kedua, membekukan, dan mengeluarkan",
	"Look after staff accounts: invite, end sessions, take second factors away, suspend and remove")

// giving is who may give a role and take it away: a permission for each role that is given here. Overseers and
// operators are not: they are nobody's staff.
var giving = map[string]authz.Permission{
	authz.RoleOfficer: authz.Declare("access:officer:give",
		"Memberi dan mengambil peran petugas loket", "Give and take the role of a counter officer"),
	authz.RoleAgencyAdmin: authz.Declare("access:agency-admin:give",
		"Memberi dan mengambil peran admin instansi", "Give and take the role of an agency's administrator"),
	authz.RoleFrontOffice: authz.Declare("access:front-office:give",
		"Memberi dan mengambil peran meja depan", "Give and take the role of the front office"),
	authz.RoleManager: authz.Declare("access:manager:give",
		"Memberi dan mengambil peran manajer MPP", "Give and take the role of the mall manager"),
	authz.RoleAdmin: authz.Declare("access:admin:give",
		"Memberi dan mengambil peran TI daerah", "Give and take the role of regional IT"),
}

// GivenRoles are the roles that are given to people of a region, those of an agency first.
var GivenRoles = []string{authz.RoleOfficer, authz.RoleAgencyAdmin, authz.RoleFrontOffice, authz.RoleManager, authz.RoleAdmin}

// OfAgency tells whether a role holds in one agency, not in the whole mall.
func OfAgency(role string) bool { return role == authz.RoleOfficer || role == authz.RoleAgencyAdmin }

// Post is a role and where it holds: Agency is the agency's code for the roles that belong to one, "" for the others.
type Post struct{ Role, Agency string }

// whole tells whether the agency is a code where there must be one, and no path.
func (p Post) whole() bool {
	return OfAgency(p.Role) == (p.Agency != "") && !strings.Contains(p.Agency, "/")
}

func (p Post) scope(t *tenant.Tenant) string {
	if p.Agency == "" {
		return t.Scope
	}
	return t.AgencyScope(p.Agency)
}

// PostOf reads a grant in a region; ok is false for one that is none of the region's own, such as an overseer's.
func PostOf(t *tenant.Tenant, g authz.Grant) (p Post, ok bool) {
	p.Role = g.Role
	if g.Scope != t.Scope {
		p.Agency, ok = strings.CutPrefix(g.Scope, t.Scope+"/")
		if !ok {
			return p, false
		}
	}
	return p, slices.Contains(GivenRoles, p.Role) && p.whole()
}

// MayGive tells whether somebody may give a post and take it away: it is not outside their scope, and one of their
// roles there is entitled to it (roles.csv).
func MayGive(a *authz.Actor, t *tenant.Tenant, p Post) bool {
	perm, ok := giving[p.Role]
	return ok && !t.IsPlatform() && p.whole() && a.Can(perm, p.scope(t))
}

// MayGiveSomewhere tells whether somebody may give a role in the region or in a part of it.
func MayGiveSomewhere(a *authz.Actor, t *tenant.Tenant, role string) bool {
	perm, ok := giving[role]
	return ok && !t.IsPlatform() && a.CanWithin(perm, t.Scope)
}

// manages tells whether somebody may look after an account: everybody's, who has the permission in the whole region;
// else those with a role or more, each of which lies where they have it. Who works for an agency and elsewhere too is
// not the agency's own, and who holds no role is nobody's but the region's.
func manages(a *authz.Actor, t *tenant.Tenant, grants []tenant.Grant) bool {
	if looksAfter(a, t, t.Scope) {
		return true
	}
	for _, g := range grants {
		if !looksAfter(a, t, g.Scope) {
			return false
		}
	}
	return len(grants) > 0
}

// looksAfter tells whether somebody has the permission in a scope by a role that they hold in this tenant or in a part
// of it. One of the whole nation, such as an operator's, is the platform's and reaches into no region.
func looksAfter(a *authz.Actor, t *tenant.Tenant, scope string) bool {
	return slices.ContainsFunc(a.Scopes(PermPeople), func(held string) bool { return authz.Within(held, t.Scope) && authz.Within(scope, held) })
}

// affair is what one person does about another's account: both as they are at this moment, and locked.
type affair struct {
	me     *authz.Actor // who does it, with what they hold now
	admins []id.ID      // the administrators who can sign in
	who    account
	grants []tenant.Grant // the other's
}

// lastAdmin is the fault "auth.last_admin" where nobody would be left who can manage people once this one is gone.
func (a affair) lastAdmin() error {
	if len(a.admins) == 1 && a.admins[0] == a.who.ID {
		return fault.New(fault.Conflict, "auth.last_admin")
	}
	return nil
}

func (a affair) holds(g tenant.Grant) bool {
	return slices.ContainsFunc(a.grants, func(h tenant.Grant) bool { return h.Role == g.Role && h.Scope == g.Scope })
}

// authority is what somebody holds at this moment: of two who take something away from each other at once, the later
// finds that it is gone. The fault is "authz.forbidden" for who may not sign in any more.
func authority(ctx context.Context, tx *store.Tx, by *authz.Actor) (*authz.Actor, error) {
	if by.System != "" {
		return by, nil
	}
	mine, err := accountByID(ctx, tx, by.UserID)
	if err != nil {
		return nil, err
	}
	if mine == nil || mine.Retired || mine.Suspended {
		return nil, fault.New(fault.Forbidden, "authz.forbidden")
	}
	rows, err := grantsOf(ctx, tx, by.UserID)
	if err != nil {
		return nil, err
	}
	return authz.NewActor(by.Identity, asGrants(rows)), nil
}

func asGrants(rows []tenant.Grant) []authz.Grant {
	out := make([]authz.Grant, len(rows))
	for i, g := range rows {
		out[i] = authz.Grant{Role: g.Role, Scope: g.Scope}
	}
	return out
}

// lockAll locks administrators and then these accounts, always in the same order, and gives the administrators who can
// sign in. Whoever changes rights begins with it.
func lockAll(ctx context.Context, tx *store.Tx, users ...id.ID) ([]id.ID, error) {
	admins, err := lockAdmins(ctx, tx)
	if err != nil {
		return nil, err
	}
	users = slices.DeleteFunc(users, id.ID.IsZero)
	slices.SortFunc(users, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
	for _, u := range slices.Compact(users) {
		if err := store.Lock[account](ctx, tx, u); err != nil && !fault.Is(err, "not_found") {
			return nil, err
		}
	}
	return admins, nil
}

// begun reads an affair. Faults: "not_found" (also of somebody whom by does not look after), "authz.forbidden".
func (s *Service) begun(ctx context.Context, tx *store.Tx, t *tenant.Tenant, by *authz.Actor, user id.ID) (a affair, err error) {
	if a.admins, err = lockAll(ctx, tx, by.UserID, user); err != nil {
		return a, err
	}
	if a.me, err = authority(ctx, tx, by); err != nil {
		return a, err
	}
	if a.who, err = store.Select[account](tx).Where("id = ? and not retired", user).One(ctx); err != nil {
		return a, err
	}
	if a.grants, err = grantsOf(ctx, tx, user); err != nil {
		return a, err
	}
	if !manages(a.me, t, a.grants) {
		return a, fault.New(fault.NotFound, "not_found")
	}
	return a, nil
}

// affects runs what changes another person's rights, as one record, and makes every process look again. Faults:
// "not_found", "auth.own_roles" (409: nobody changes their own), "authz.forbidden".
func (s *Service) affects(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID, fn func(context.Context, *store.Tx, affair) error) error {
	if by.UserID == user {
		return fault.New(fault.Conflict, "auth.own_roles")
	}
	err := s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		a, err := s.begun(ctx, tx, t, by, user)
		if err != nil {
			return err
		}
		return tenant.ChangePerson(ctx, tx, s.opt.Hasher, by.String(), user, func() error { return fn(ctx, tx, a) })
	})
	s.Forget(t.ID, user)
	return err
}

func notYours() error { return fault.New(fault.Forbidden, "auth.not_yours") }

// checkPost finds what a post names. Faults: "invalid" (422: role, agency), "auth.not_yours" (403).
func checkPost(ctx context.Context, tx *store.Tx, t *tenant.Tenant, me *authz.Actor, p Post) error {
	invalid := fault.New(fault.Invalid, "invalid")
	switch {
	case !slices.Contains(GivenRoles, p.Role):
		return invalid.Field("role", "role")
	case OfAgency(p.Role) && p.Agency == "":
		return invalid.Field("agency", "agency_needed")
	case !OfAgency(p.Role) && p.Agency != "":
		return invalid.Field("agency", "agency_none")
	}
	if !MayGive(me, t, p) {
		return notYours()
	}
	if p.Agency == "" {
		return nil
	}
	there, err := store.Select[tenant.AgencyRow](tx).Where("code = ? and not retired", p.Agency).Exists(ctx)
	if err == nil && !there {
		err = invalid.Field("agency", "agency")
	}
	return err
}

// Give gives another person a role; changed is false where they hold it already. It holds from their next request on,
// in every process within a second, and they are told. Faults: "not_found", "auth.own_roles", "invalid" (422: role,
// agency), "auth.not_yours" (403: not in one's scope, or not one's to give).
func (s *Service) Give(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID, p Post) (changed bool, err error) {
	err = s.affects(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, a affair) error {
		changed = false
		if err := checkPost(ctx, tx, t, a.me, p); err != nil {
			return err
		}
		declared, err := declaredOf(ctx, tx, a.who)
		if err != nil {
			return err
		}
		n, err := store.InsertNew(ctx, tx, &tenant.Grant{UserID: user, Role: p.Role, Scope: p.scope(t), Source: declared.source(p)})
		if err != nil || n == 0 {
			return err
		}
		changed = true
		return s.told(ctx, tx, by, user, NoticeRoleGiven, map[string]string{"role": p.Role, "agency": p.Agency})
	})
	return changed, err
}

// Take takes a role away from another person, with the counters at which they worked by it; changed is false where they
// do not hold it. It holds as Give does. Faults: as Give, and "auth.last_role" (409: who holds nothing is taken off, by
// Remove), "auth.last_admin" (409).
func (s *Service) Take(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID, p Post) (changed bool, err error) {
	err = s.affects(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, a affair) error {
		changed = false
		if !MayGive(a.me, t, p) {
			return notYours()
		}
		g := tenant.Grant{Role: p.Role, Scope: p.scope(t)}
		if !a.holds(g) {
			return nil
		}
		if len(a.grants) == 1 {
			return fault.New(fault.Conflict, "auth.last_role")
		}
		if p.Role == authz.RoleAdmin {
			if err := a.lastAdmin(); err != nil {
				return err
			}
		}
		if _, err := store.Delete[tenant.Grant](ctx, tx, "user_id = ? and role = ? and scope = ?", user, g.Role, g.Scope); err != nil {
			return err
		}
		if p.Role == authz.RoleOfficer {
			if err := leaveCounters(ctx, tx, user, p.Agency); err != nil {
				return err
			}
		}
		changed = true
		return s.told(ctx, tx, by, user, NoticeRoleTaken, map[string]string{"role": p.Role, "agency": p.Agency})
	})
	return changed, err
}

// agencyCounters are the counters of an agency that are in use.
func agencyCounters(ctx context.Context, tx *store.Tx, code string) (map[id.ID]bool, error) {
	agency, err := store.Select[tenant.AgencyRow](tx).Where("code = ?", code).One(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := store.Select[tenant.CounterRow](tx).Where("agency_id = ?", agency.ID).All(ctx)
	out := map[id.ID]bool{}
	for _, c := range rows {
		out[c.ID] = !c.Retired
	}
	return out, err
}

// leaveCounters takes somebody away from an agency's counters.
func leaveCounters(ctx context.Context, tx *store.Tx, user id.ID, agency string) error {
	all, err := agencyCounters(ctx, tx, agency)
	if fault.Is(err, "not_found") { // an agency that is gone has no counters to leave
		return nil
	}
	for c := range all {
		if err == nil {
			_, err = store.Delete[tenant.UserCounter](ctx, tx, "user_id = ? and counter_id = ?", user, c)
		}
	}
	return err
}

// SetCounters says at which of an agency's counters one of its officers works; none: at all of them. changed is false
// where it stands so already. Faults: "not_found" (the person, or a counter that is not the agency's), "auth.own_roles",
// "auth.not_yours", "auth.no_officer" (409).
func (s *Service) SetCounters(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID, agency string, counters []id.ID) (changed bool, err error) {
	err = s.affects(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, a affair) error {
		p := Post{authz.RoleOfficer, agency}
		if !MayGive(a.me, t, p) {
			return notYours()
		}
		if !a.holds(tenant.Grant{Role: p.Role, Scope: p.scope(t)}) {
			return fault.New(fault.Conflict, "auth.no_officer")
		}
		changed, err = setCounters(ctx, tx, a.who, agency, counters)
		if err != nil || !changed {
			return err
		}
		return s.told(ctx, tx, by, user, NoticeCounters, map[string]string{"agency": agency})
	})
	return changed, err
}

func setCounters(ctx context.Context, tx *store.Tx, who account, agency string, counters []id.ID) (changed bool, err error) {
	declared, err := declaredOf(ctx, tx, who)
	if err != nil {
		return false, err
	}
	return placeAt(ctx, tx, who.ID, agency, counters, declared)
}

// placeAt is setCounters for somebody of whom is known what the manifest says.
func placeAt(ctx context.Context, tx *store.Tx, user id.ID, agency string, counters []id.ID, declared declared) (changed bool, err error) {
	all, err := agencyCounters(ctx, tx, agency)
	if err != nil {
		return false, err
	}
	for _, c := range counters {
		if !all[c] {
			return false, fault.New(fault.NotFound, "not_found")
		}
	}
	have, err := store.Select[tenant.UserCounter](tx).Where("user_id = ?", user).All(ctx)
	if err != nil {
		return false, err
	}
	for _, h := range have {
		if _, theirs := all[h.CounterID]; theirs && !slices.Contains(counters, h.CounterID) {
			changed = true
			if _, err := store.Delete[tenant.UserCounter](ctx, tx, "user_id = ? and counter_id = ?", user, h.CounterID); err != nil {
				return false, err
			}
		}
	}
	for _, c := range counters {
		n, err := store.InsertNew(ctx, tx, &tenant.UserCounter{UserID: user, CounterID: c, Source: declared.counter(tx, c)})
		if err != nil {
			return false, err
		}
		changed = changed || n > 0
	}
	return changed, nil
}

// Remove takes another person off: their roles and counters, their sessions, what they sign in with. What they did
// stays, under their name. Faults: "not_found", "auth.own_roles", "auth.not_yours" (they hold a role that is not one's
// to take), "auth.last_admin".
func (s *Service) Remove(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID) error {
	return s.affects(ctx, t, by, user, func(ctx context.Context, tx *store.Tx, a affair) error {
		for _, g := range a.grants {
			if p, ok := PostOf(t, authz.Grant{Role: g.Role, Scope: g.Scope}); !ok || !MayGive(a.me, t, p) {
				return notYours()
			}
		}
		if err := a.lastAdmin(); err != nil {
			return err
		}
		if err := clearAway(ctx, tx, user); err != nil {
			return err
		}
		if _, err := store.Update[account](tx).Set("retired = ?, password_hash = ''", true).Where("id = ?", user).Exec(ctx); err != nil {
			return err
		}
		return s.told(ctx, tx, by, user, NoticeRemoved, nil)
	})
}

// clearAway takes from somebody what they hold and what they sign in with, but for the password.
func clearAway(ctx context.Context, tx *store.Tx, user id.ID) error {
	if err := Left(ctx, tx, []id.ID{user}); err != nil {
		return err
	}
	if _, err := store.Delete[tenant.Grant](ctx, tx, "user_id = ?", user); err != nil {
		return err
	}
	_, err := store.Delete[tenant.UserCounter](ctx, tx, "user_id = ?", user)
	return err
}

// Newcomer is somebody who is invited.
type Newcomer struct {
	Name, Email string
	Post
	Counters []id.ID // of an officer: none is all of the agency's
}

const maxName = 200

// IsAddress tells whether an e-mail address, as seal.Email gives it, is one, and one only, of signs that are seen (RFC 5322).
func IsAddress(email string) bool {
	at, err := mail.ParseAddress(email)
	return err == nil && at.Address == email && at.Name == "" && len(email) <= maxEmail && !strings.ContainsFunc(email, func(r rune) bool { return !unicode.IsPrint(r) })
}

// check reads what was typed. The fault is "invalid" (422: name, email).
func (n *Newcomer) check() error {
	n.Name, n.Email = strings.Join(strings.Fields(n.Name), " "), seal.Email(n.Email)
	invalid := fault.New(fault.Invalid, "invalid")
	switch {
	case n.Name == "":
		invalid = invalid.Field("name", "required")
	case len(n.Name) > maxName:
		invalid = invalid.Field("name", "long")
	}
	if n.Email == "" {
		invalid = invalid.Field("email", "required")
	} else if !IsAddress(n.Email) {
		invalid = invalid.Field("email", "email")
	}
	if len(invalid.Fields) > 0 {
		return invalid
	}
	return nil
}

// Add invites somebody: an account without a password, with a role, and a letter with the link by which they choose
// one. Who was taken off before comes back under the same account. Who holds the role already is left as they are, and
// added is false: asking twice sends one letter. Faults: "invalid" (422: name, email, role, agency), "auth.not_yours",
// "authz.forbidden", "auth.taken" (409: the address has an account; user is whose, if by looks after it, else zero),
// "not_found" (a counter).
func (s *Service) Add(ctx context.Context, t *tenant.Tenant, by *authz.Actor, n Newcomer) (user id.ID, added bool, err error) {
	wrong := n.check()
	err = s.db.In(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		user, added = id.ID{}, false
		if _, err := lockAll(ctx, tx, by.UserID); err != nil {
			return err
		}
		me, err := authority(ctx, tx, by)
		if err != nil {
			return err
		}
		if err := checkPost(ctx, tx, t, me, n.Post); err != nil {
			if f := fault.Of(err); f.Code == "invalid" && wrong != nil { // all that is wrong at once
				f.Fields = append(slices.Clone(fault.Of(wrong).Fields), f.Fields...)
			}
			return err
		}
		if wrong != nil {
			return wrong
		}
		if !me.Can(PermPeople, n.scope(t)) {
			return notYours()
		}
		there, err := accountByEmail(ctx, tx, n.Email)
		if err != nil {
			return err
		}
		if there != nil && !there.Retired {
			grants, err := grantsOf(ctx, tx, there.ID)
			if err != nil {
				return err
			}
			if manages(me, t, grants) {
				user = there.ID
				if (affair{grants: grants}).holds(tenant.Grant{Role: n.Role, Scope: n.scope(t)}) {
					return nil
				}
			}
			return fault.New(fault.Conflict, "auth.taken")
		}
		user, added = id.New(), true
		if there != nil {
			user = there.ID
		}
		region, err := tenant.DeclaredIn(ctx, tx)
		if err != nil {
			return err
		}
		return tenant.ChangePerson(ctx, tx, s.opt.Hasher, by.String(), user, func() error {
			if err := s.add(ctx, tx, t, me, region, there, user, n); err != nil {
				return err
			}
			return s.countInvitation(ctx, tx, me, user)
		})
	})
	if err == nil && added {
		s.Forget(t.ID, user)
	}
	return user, added, err
}

// add stores a newcomer, or brings back who was there, and sends the letter. region is the region's manifest, or nil.
func (s *Service) add(ctx context.Context, tx *store.Tx, t *tenant.Tenant, me *authz.Actor, region *tenants.Region, there *account, user id.ID, n Newcomer) error {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return err
	}
	row := tenant.User{ID: user, CreatedAt: tx.Now(), Source: tenant.FromPage}
	if err := row.Seal(keys, n.Email, n.Name); err != nil {
		return err
	}
	var declared declared
	if region != nil {
		declared = declaredIn(region, n.Email)
	}
	if declared.named {
		row.Source = tenant.FromManifest
	}
	if there == nil {
		err = store.Insert(ctx, tx, &row)
	} else {
		name := &row.Name
		if !me.Can(PermPeople, t.Scope) {
			name = nil // what they did before stands under theirs, and elsewhere than in the agency
		}
		err = comeBack(ctx, tx, user, name, row.Source)
	}
	if err != nil {
		return err
	}
	if err := store.Insert(ctx, tx, &tenant.Grant{UserID: user, Role: n.Role, Scope: n.scope(t), Source: declared.source(n.Post)}); err != nil {
		return err
	}
	if n.Role == authz.RoleOfficer {
		if _, err := placeAt(ctx, tx, user, n.Agency, n.Counters, declared); err != nil {
			return err
		}
	}
	return s.InviteIn(ctx, tx, user, me.String())
}

// comeBack opens an account again for which a password is yet to be chosen; without a name it keeps the one that it has.
// One that was suspended stays so.
func comeBack(ctx context.Context, tx *store.Tx, user id.ID, name *seal.Box, from tenant.Source) error {
	// Whoever took them off has taken these away; what was given in between goes now.
	if err := clearAway(ctx, tx, user); err != nil {
		return err
	}
	u := store.Update[tenant.User](tx).Set("retired = ?, password_hash = '', password_until = null, source = ?", false, from)
	if name != nil {
		u = u.Set("name = ?", *name)
	}
	_, err := u.Where("id = ?", user).Exec(ctx)
	return err
}

// Return brings back somebody who was taken off, under the name that they had, with a role and a new invitation. It is
// for who looks after the whole region's people: an agency invites its own by their address. Faults: "not_found",
// "auth.own_roles", "invalid" (422: role, agency), "auth.not_yours".
func (s *Service) Return(ctx context.Context, t *tenant.Tenant, by *authz.Actor, user id.ID, p Post) error {
	var name, email string
	err := s.db.View(ctx, t.ID, func(ctx context.Context, tx *store.Tx) error {
		if !by.Can(PermPeople, t.Scope) {
			return fault.New(fault.NotFound, "not_found")
		}
		row, err := store.Select[account](tx).Where("id = ? and retired", user).One(ctx)
		if err != nil {
			return err
		}
		name, email, err = row.open(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	_, _, err = s.Add(ctx, t, by, Newcomer{Name: name, Email: email, Post: p})
	return err
}

// declared is what the region's manifest says of a person.
type declared struct {
	named    bool
	posts    []Post
	counters []string // "mal/3"
}

func declaredOf(ctx context.Context, tx *store.Tx, who account) (d declared, err error) {
	region, err := tenant.DeclaredIn(ctx, tx)
	if err != nil || region == nil {
		return d, err
	}
	_, email, err := who.open(ctx, tx)
	if err != nil || email == "" {
		return d, err
	}
	return declaredIn(region, email), nil
}

func declaredIn(region *tenants.Region, email string) (d declared) {
	for _, p := range region.Staff {
		if seal.Email(p.Email) != email {
			continue
		}
		d.named = true
		for _, post := range p.Posts() {
			d.posts = append(d.posts, Post{string(post.Role), post.Agency})
			d.counters = append(d.counters, post.Counters...)
		}
	}
	return d
}

func (d declared) source(p Post) tenant.Source {
	if slices.Contains(d.posts, p) {
		return tenant.FromManifest
	}
	return tenant.FromPage
}

func (d declared) counter(tx *store.Tx, c id.ID) tenant.Source {
	if slices.ContainsFunc(d.counters, func(key string) bool { return tenant.CounterID(tx.Tenant(), key) == c }) {
		return tenant.FromManifest
	}
	return tenant.FromPage
}
