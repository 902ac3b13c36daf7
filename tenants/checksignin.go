package tenants

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const issuerForm = `^(https://|http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$))`

var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)

// everybodys are domains under which anybody gets an address: whoever speaks for them speaks for strangers.
var everybodys = []string{
	"gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.id", "ymail.com", "rocketmail.com", "outlook.com", "outlook.co.id", "hotmail.com", "hotmail.co.id",
	"live.com", "msn.com", "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "zoho.com", "mail.com", "gmx.com", "yandex.com",
}

var signInRoles = []string{string(RoleOfficer), string(RoleAgencyAdmin)}

const (
	maxIssuer  = 200
	maxClient  = 200
	wellKnown  = "/.well-known/openid-configuration"
	maxDomains = 20
)

// checkSignIn checks an agency's identity provider.
func (c *checker) checkSignIn(a *Agency, d *document) {
	s := a.SignIn
	if _, given := d.keys["sign_in"]; !given || d.broken["sign_in"] {
		return
	}
	if len(s.Domains) == 0 && s.Issuer == "" && s.ClientID == "" && s.Role == "" && !s.Create && len(s.SecondFactor) == 0 && !d.inside("sign_in") {
		return // sign_in: with nothing behind it
	}
	if c.required(d, "sign_in.issuer", s.Issuer) {
		c.checkIssuer(d, "sign_in.issuer", s.Issuer)
	}
	if c.required(d, "sign_in.client_id", s.ClientID) && len(s.ClientID) > maxClient {
		d.report("sign_in.client_id", RuleTooLong, shown(s.ClientID), "", say("paling panjang %d tanda", "at most %d signs", maxClient))
	}
	if c.required(d, "sign_in.role", string(s.Role)) && !slices.Contains(signInRoles, string(s.Role)) {
		right, ok := roleWords[strings.ToLower(string(s.Role))]
		if !ok || !slices.Contains(signInRoles, right) {
			right, _ = nearestOf(string(s.Role), signInRoles)
		}
		d.report("sign_in.role", RuleRole, string(s.Role), right,
			say("%q tidak dapat diberikan penyedia instansi; pilihannya %s", "an agency's provider cannot give %q; it is one of %s",
				shown(string(s.Role)), strings.Join(signInRoles, ", ")).meant(right))
	}
	c.checkDomains(d, s)
	c.duplicates(d, "sign_in.second_factor", len(s.SecondFactor), "", func(i int) string { return s.SecondFactor[i] })
	for i, value := range s.SecondFactor {
		c.required(d, entryPath("sign_in.second_factor", i, ""), value)
	}
}

// inside tells whether anything was written below a path.
func (d *document) inside(path string) bool {
	for p := range d.keys {
		if strings.HasPrefix(p, path+".") {
			return true
		}
	}
	return false
}

func (c *checker) checkDomains(d *document, s SignIn) {
	switch {
	case len(s.Domains) == 0:
		d.report("sign_in.domains", RuleRequired, "", "",
			say("sebutkan domain surel instansi, misalnya [imigrasi.go.id]", "name the agency's e-mail domains, such as [imigrasi.go.id]"))
	case len(s.Domains) > maxDomains:
		d.report("sign_in.domains", RuleTooLong, "", "", say("paling banyak %d domain", "at most %d domains", maxDomains))
	}
	c.duplicates(d, "sign_in.domains", len(s.Domains), "", func(i int) string { return s.Domains[i] })
	for i, domain := range s.Domains {
		at := entryPath("sign_in.domains", i, "")
		switch {
		case !c.required(d, at, domain):
		case slices.Contains(everybodys, strings.ToLower(domain)):
			d.report(at, RuleDomain, domain, "",
				say("siapa pun dapat memiliki alamat di %q; sebutkan domain instansi sendiri", "anybody can have an address at %q; name the agency's own domain", domain))
		case len(domain) > 253 || !domainForm.MatchString(domain):
			right := strings.ToLower(strings.TrimSpace(domain))
			if _, after, has := strings.Cut(right, "@"); has {
				right = after
			}
			right = strings.Trim(strings.TrimPrefix(right, "*."), ".")
			if !domainForm.MatchString(right) {
				right = ""
			}
			d.report(at, RuleDomain, domain, right,
				say("%q bukan domain surel; tulis misalnya \"imigrasi.go.id\"", "%q is not an e-mail domain; write for example \"imigrasi.go.id\"", shown(domain)).meant(right))
		}
	}
}

// checkIssuer checks the issuer's address as OpenID Connect Discovery 1.0 (section 3) asks for it: https, without a
// query. A provider on this very machine may do without TLS, for trials.
func (c *checker) checkIssuer(d *document, path, issuer string) {
	u, err := url.Parse(issuer)
	good := err == nil && u.Host != "" && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && !strings.Contains(issuer, "#") &&
		len(issuer) <= maxIssuer && !strings.ContainsAny(issuer, " \\") && !strings.HasSuffix(issuer, wellKnown) &&
		(u.Scheme == "https" || u.Scheme == "http" && ThisMachine(u.Hostname()))
	if good {
		return
	}
	d.report(path, RuleIssuer, issuer, nearIssuer(issuer),
		say("%q bukan alamat penerbit; tulis alamat https:// persis seperti yang disebut penyedia, tanpa tanda tanya",
			"%q is not an issuer's address; write the https:// address exactly as the provider calls itself, without a query", shown(issuer)).meant(nearIssuer(issuer)))
}

// nearIssuer is what was probably meant; "" when it cannot be told.
func nearIssuer(issuer string) string {
	right := strings.TrimSpace(issuer)
	if rest, ok := strings.CutPrefix(right, "http://"); ok {
		right = "https://" + rest
	} else if !strings.Contains(right, "://") {
		right = "https://" + right
	}
	right, _, _ = strings.Cut(right, "#")
	right, _, _ = strings.Cut(right, "?")
	right = strings.TrimSuffix(right, wellKnown)
	u, err := url.Parse(right)
	if err != nil || u.Scheme != "https" || !domainForm.MatchString(u.Hostname()) || u.User != nil || len(right) > maxIssuer || strings.ContainsAny(right, " \\") || right == issuer {
		return ""
	}
	return right
}

// ThisMachine tells whether a host's name is one of this machine's own.
func ThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
