package tenants

import (
	"slices"
	"strings"
)

var roles = []string{string(RoleOfficer), string(RoleAgencyAdmin), string(RoleFrontOffice), string(RoleManager), string(RoleAdmin)}

// roleWords are what people write for a role.
var roleWords = map[string]string{
	"petugas": "officer", "petugas-loket": "officer", "loket": "officer", "operator": "officer",
	"admin-instansi": "agency-admin", "admin instansi": "agency-admin", "penerima": "front-office",
	"resepsionis": "front-office", "receptionist": "front-office", "manajer": "manager", "pengelola": "manager",
	"administrator": "admin", "it": "admin",
}

// role reports what is no role, with what people write for one.
func (c *checker) role(path, role string) {
	if slices.Contains(roles, role) {
		return
	}
	right, ok := roleWords[strings.ToLower(role)]
	if !ok {
		right, _ = nearestOf(role, roles)
	}
	c.root.report(path, RuleRole, role, right,
		say("%q bukan peran; pilihannya %s", "%q is not a role; it is one of %s", shown(role), strings.Join(roles, ", ")).meant(right))
}

// checkSecurity checks the roles that must have a second factor. Naming admin says what holds anyway.
func (c *checker) checkSecurity() {
	list := c.region.Security.SecondFactor
	c.duplicates(c.root, "security.second_factor", len(list), "", func(i int) string { return string(list[i]) })
	for i, role := range list {
		c.role(entryPath("security.second_factor", i, ""), string(role))
	}
}

func (c *checker) checkStaff() {
	d, r := c.root, c.region
	c.duplicates(d, "staff", len(r.Staff), "email", func(i int) string { return r.Staff[i].Email })
	for i := range r.Staff {
		p, path := &r.Staff[i], entryPath("staff", i, "")
		if c.required(d, path+".email", p.Email) {
			c.checkEmail(d, path+".email", p.Email)
		}
		c.required(d, path+".name", p.Name)
		if c.required(d, path+".role", string(p.Role)) {
			c.role(path+".role", string(p.Role))
		}
		c.checkPost(Post{p.Role, p.Agency, p.Counters}, path)
		c.checkAlso(p, path)
	}
}

// checkAlso checks the further roles of a person: each as the first one, and none twice.
func (c *checker) checkAlso(p *Person, path string) {
	d, posts := c.root, p.Posts()
	for j, post := range p.Also {
		at := entryPath(path+".also", j, "")
		if c.required(d, at+".role", string(post.Role)) {
			c.role(at+".role", string(post.Role))
		}
		c.checkPost(post, at)
		if slices.ContainsFunc(posts[:j+1], func(o Post) bool { return post.Role != "" && o.key() == post.key() }) {
			d.report(at+".role", RuleDuplicate, string(post.Role), "",
				say("peran ini sudah ditulis untuk orang yang sama", "this role stands there already for the same person"))
		}
	}
}

// checkPost checks the agency and the counters of a person against the role: an officer and an agency's
// admin belong to an agency, the others to the whole mall.
func (c *checker) checkPost(p Post, path string) {
	d := c.root
	bound := p.Role == RoleOfficer || p.Role == RoleAgencyAdmin
	switch {
	case bound && p.Agency == "":
		d.report(path+".agency", RuleRequired, "", "",
			say("peran %q memerlukan agency: kode instansinya", "the role %q needs agency: the agency's code", p.Role))
	case !bound && slices.Contains(roles, string(p.Role)) && p.Agency != "":
		d.report(path+".agency", RuleRole, p.Agency, "",
			say("peran %q tidak terikat pada satu instansi; hapus agency, atau ganti perannya",
				"the role %q is not bound to one agency; remove agency, or change the role", p.Role))
	}
	if !c.whole {
		return // an agency that could not be read is not an agency that is not there
	}
	var own *Agency
	if p.Agency != "" {
		i := slices.IndexFunc(c.region.Agencies, func(a Agency) bool { return a.Code == p.Agency })
		if i < 0 {
			var codes []string
			for _, a := range c.region.Agencies {
				codes = append(codes, a.Code)
			}
			c.unknown(d, path+".agency", p.Agency, codes, say("daerah ini tidak punya instansi %q", "this region has no agency %q", shown(p.Agency)))
			return
		}
		own = &c.region.Agencies[i]
	}
	if len(p.Counters) > 0 && p.Role != RoleOfficer {
		if slices.Contains(roles, string(p.Role)) {
			d.report(path+".counters", RuleRole, strings.Join(p.Counters, ", "), "",
				say("hanya officer yang bertugas di loket; hapus counters", "only an officer works at counters; remove counters"))
		}
		return
	}
	if own == nil {
		return
	}
	c.duplicates(d, path+".counters", len(p.Counters), "", func(i int) string { return p.Counters[i] })
	var known []string
	for _, k := range own.Counters {
		known = append(known, k.Venue+"/"+k.Code)
	}
	for i, key := range p.Counters {
		if slices.Contains(known, key) {
			continue
		}
		at := entryPath(path+".counters", i, "")
		w := say("instansi %q tidak punya loket %q; tulis lokasi/loket", "agency %q has no counter %q; write venue/counter", own.Code, shown(key))
		if where := c.counters[key]; where != "" {
			w = say("loket %[2]q milik instansi lain (%[3]s), bukan %[1]q", "counter %[2]q belongs to another agency (%[3]s), not %[1]q", own.Code, key, where)
		}
		right := ""
		for _, k := range own.Counters {
			if k.Code == key { // "3" for "utama/3"
				right = k.Venue + "/" + k.Code
				break
			}
		}
		if right == "" {
			right, _ = nearestOf(key, known)
		}
		d.report(at, RuleReference, key, right, w.meant(right))
	}
}
