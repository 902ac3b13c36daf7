package signin

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/openapi"
)

const apiPeople = "/api/v1/people"

// roleJSON is a role that somebody holds.
type roleJSON struct {
	Role   string `json:"role" jsonschema_description:"officer, agency-admin, front-office, manager or admin; of others an overseer's or an operator's, which is not given here."`
	Agency string `json:"agency,omitempty" jsonschema_description:"The agency's code, of officer and agency-admin."`
	Source string `json:"source" jsonschema_description:"Who gave it: manifest, page (the page, this API or a command) or provider."`
}

// personJSON is somebody's account.
type personJSON struct {
	ID       id.ID      `json:"id"`
	Name     string     `json:"name"`
	Email    string     `json:"email"`
	State    auth.State `json:"state" jsonschema_description:"active, invited (no password yet), suspended or removed."`
	Roles    []roleJSON `json:"roles"`
	Counters []id.ID    `json:"counters" jsonschema_description:"At which counters an officer works; empty: at all of the agency's."`
	Second   bool       `json:"second_factor" jsonschema_description:"Has a second factor."`
	Until    string     `json:"password_until,omitempty" jsonschema_description:"A password that somebody else chose opens nothing from then on."`
}

// peopleJSON is a page of people.
type peopleJSON struct {
	People []personJSON `json:"people"`
	Total  int          `json:"total" jsonschema_description:"How many the filter leaves in all."`
	Next   int          `json:"next,omitempty" jsonschema_description:"The page after this one; absent on the last."`
}

// newcomerJSON is who is invited.
type newcomerJSON struct {
	Name     string  `json:"name"`
	Email    string  `json:"email"`
	Role     string  `json:"role"`
	Agency   string  `json:"agency,omitempty" jsonschema_description:"The agency's code: for officer and agency-admin, and for no other role."`
	Counters []id.ID `json:"counters,omitempty" jsonschema_description:"Of an officer; none: all of the agency's."`
}

// assignmentJSON are an officer's counters in one agency.
type assignmentJSON struct {
	Counters []id.ID `json:"counters"`
}

func personOf(c *web.Ctx, p auth.Person) personJSON {
	out := personJSON{ID: p.ID, Name: p.Name, Email: p.Email, State: p.State, Roles: []roleJSON{}, Counters: p.Counters, Second: p.Factors.Any()}
	if out.Counters == nil {
		out.Counters = []id.ID{}
	}
	if !p.PasswordUntil.IsZero() {
		out.Until = p.PasswordUntil.In(c.Tenant.Loc).Format(time.RFC3339)
	}
	for _, h := range p.Held {
		r := roleJSON{Role: h.Grant.Role, Source: string(h.Source)}
		if h.Own {
			r.Agency = h.Post.Agency
		}
		out.Roles = append(out.Roles, r)
	}
	return out
}

func (h handlers) listPeople(c *web.Ctx) error {
	f := auth.Filter{Agency: c.Query("agency"), Role: c.Query("role"), State: auth.State(c.Query("state")), Page: 1}
	if text := c.Query("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100_000 {
			return fault.New(fault.Invalid, "invalid").Field("page", "type")
		}
		f.Page = n
	}
	list, total, err := h.door.People(c.Std(), c.Tenant, c.Actor, f)
	if err != nil {
		return err
	}
	out := peopleJSON{People: []personJSON{}, Total: total}
	for _, p := range list {
		out.People = append(out.People, personOf(c, p))
	}
	if f.Page*auth.PageSize < total {
		out.Next = f.Page + 1
	}
	return c.JSON(fiber.StatusOK, out)
}

func (h handlers) onePerson(c *web.Ctx, status int, user id.ID) error {
	p, err := h.door.Person(c.Std(), c.Tenant, c.Actor, user)
	if err != nil {
		return err
	}
	return c.JSON(status, personOf(c, p))
}

func (h handlers) getPerson(c *web.Ctx) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	return h.onePerson(c, fiber.StatusOK, user)
}

func (h handlers) addPerson(c *web.Ctx) error {
	var in newcomerJSON
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	user, added, err := h.door.Add(c.Std(), c.Tenant, c.Actor, auth.Newcomer{
		Name: in.Name, Email: in.Email, Post: auth.Post{Role: in.Role, Agency: in.Agency}, Counters: in.Counters,
	})
	if err != nil {
		return err
	}
	status := fiber.StatusOK
	if added {
		status = fiber.StatusCreated
		c.SetHeader("Location", apiPeople+"/"+user.String())
	}
	return h.onePerson(c, status, user)
}

// post is the role that a call's address names.
func (h handlers) post(c *web.Ctx) (user id.ID, p auth.Post, err error) {
	user, err = c.ID("id")
	return user, auth.Post{Role: c.Param("role"), Agency: c.Query("agency")}, err
}

func (h handlers) giveRole(c *web.Ctx) error {
	user, p, err := h.post(c)
	if err != nil {
		return err
	}
	if _, err := h.door.Give(c.Std(), c.Tenant, c.Actor, user, p); err != nil {
		return err
	}
	return h.onePerson(c, fiber.StatusOK, user)
}

func (h handlers) takeRole(c *web.Ctx) error {
	user, p, err := h.post(c)
	if err != nil {
		return err
	}
	if _, err := h.door.Take(c.Std(), c.Tenant, c.Actor, user, p); err != nil {
		return err
	}
	return c.NoContent()
}

func (h handlers) putCounters(c *web.Ctx) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	var in assignmentJSON
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	if _, err := h.door.SetCounters(c.Std(), c.Tenant, c.Actor, user, c.Query("agency"), in.Counters); err != nil {
		return err
	}
	return h.onePerson(c, fiber.StatusOK, user)
}

func (h handlers) removePerson(c *web.Ctx) error {
	user, err := c.ID("id")
	if err != nil {
		return err
	}
	if err := h.door.Remove(c.Std(), c.Tenant, c.Actor, user); err != nil {
		return err
	}
	return c.NoContent()
}

// peopleRoutes are the API's calls about people. Whose they are, the service asks.
func peopleRoutes(r *web.Router, h handlers) {
	r.Get(apiPeople, auth.PermPeople, h.listPeople, web.Sudo)
	r.Post(apiPeople, auth.PermPeople, h.addPerson, web.Sudo)
	r.Get(apiPeople+"/:id", auth.PermPeople, h.getPerson, web.Sudo)
	r.Delete(apiPeople+"/:id", auth.PermPeople, h.removePerson, web.Sudo)
	r.Put(apiPeople+"/:id/roles/:role", auth.PermPeople, h.giveRole, web.Sudo)
	r.Delete(apiPeople+"/:id/roles/:role", auth.PermPeople, h.takeRole, web.Sudo)
	r.Put(apiPeople+"/:id/counters", auth.PermPeople, h.putCounters, web.Sudo)
}

var (
	agencyParam = openapi.Param{Name: "agency", In: "query", Description: "The agency's code: for officer and agency-admin, and for no other role.", Example: "dukcapil"}
	recent      = "Asks for a sign-in within the last ten minutes: auth.prove otherwise. "
	whoseFaults = []string{"403 auth.prove", "403 authz.forbidden", "404 not_found"}
)

func faults(more ...string) []string { return append(append([]string{}, whoseFaults...), more...) }

func peopleOperations() []openapi.Operation {
	return []openapi.Operation{
		{
			Method: "GET", Path: apiPeople, ID: "listPeople", Tag: "people", Auth: openapi.Bearer,
			Summary:     "Staff whom the caller looks after, by name",
			Description: recent + "Regional IT sees everybody, an agency's administrator those who work for that agency and nowhere else.",
			Params: []openapi.Param{
				{Name: "agency", In: "query", Description: "Only who holds a role in the agency with this code.", Example: "dukcapil"},
				{Name: "role", In: "query", Description: "Only who holds this role.", Example: authz.RoleOfficer},
				{Name: "state", In: "query", Description: "active, invited, suspended or removed. Without it all but those who were removed.", Example: "invited"},
				{Name: "page", In: "query", Description: "From 1; a page holds " + strconv.Itoa(auth.PageSize) + ".", Example: 1},
			},
			Response: peopleJSON{}, Errors: []string{"403 auth.prove", "403 authz.forbidden", "422 invalid"},
		},
		{
			Method: "POST", Path: apiPeople, ID: "invitePerson", Tag: "people", Auth: openapi.Bearer,
			Summary: "Invite somebody, with a role",
			Description: recent + "They get a letter with a link by which they choose a password. Who holds the role already is given as they are, with 200 and without another letter, " +
				"so a call may be repeated. Who was removed before comes back under the same account.",
			Request: newcomerJSON{}, Response: personJSON{}, Status: 201,
			Also:    []openapi.Reply{{Status: 200, Description: "They hold the role already.", Response: personJSON{}}},
			Headers: []openapi.Header{{Name: "Location", Description: "The person's address in the API."}},
			Errors:  faults("403 auth.not_yours", "409 auth.taken", "422 invalid"),
		},
		{
			Method: "POST", Path: apiPeople + "/import", ID: "invitePeople", Tag: "people", Auth: openapi.Bearer,
			Summary: "Invite many people: all of them or none",
			Description: recent + "At most " + strconv.Itoa(auth.MaxImport) + ". Whatever is wrong with any of them is named in one answer, by the place in the list (people[3].email), and then nobody is invited. " +
				"Somebody who has an account already is refused, also where they hold the role.",
			Request: importJSON{}, Response: importedJSON{}, Status: 201,
			Also:   []openapi.Reply{{Status: 200, Description: "With dry_run: all of them can be invited.", Response: importedJSON{}}},
			Errors: []string{"403 auth.prove", "403 authz.forbidden", "422 invalid", "429 auth.letters"},
		},
		{
			Method: "GET", Path: apiPeople + "/:id", ID: "getPerson", Tag: "people", Auth: openapi.Bearer,
			Summary: "A person with their roles", Description: recent, Response: personJSON{}, Errors: faults(),
		},
		{
			Method: "DELETE", Path: apiPeople + "/:id", ID: "removePerson", Tag: "people", Auth: openapi.Bearer,
			Summary:     "Remove a person: their sessions end, their roles go, what they did stays",
			Description: recent, Status: 204, Errors: faults("403 auth.not_yours", "409 auth.last_admin", "409 auth.own_roles"),
		},
		{
			Method: "PUT", Path: apiPeople + "/:id/roles/:role", ID: "giveRole", Tag: "people", Auth: openapi.Bearer,
			Summary:     "Give a person a role",
			Description: recent + "Given twice it is given once, and told once.",
			Params:      []openapi.Param{agencyParam}, Response: personJSON{},
			Errors: faults("403 auth.not_yours", "409 auth.own_roles", "422 invalid"),
		},
		{
			Method: "DELETE", Path: apiPeople + "/:id/roles/:role", ID: "takeRole", Tag: "people", Auth: openapi.Bearer,
			Summary:     "Take a role away from a person",
			Description: recent + "It is worth nothing from their next request on, in every process within a second. A role that they do not hold is taken already.",
			Params:      []openapi.Param{agencyParam}, Status: 204,
			Errors: faults("403 auth.not_yours", "409 auth.last_admin", "409 auth.last_role", "409 auth.own_roles"),
		},
		{
			Method: "PUT", Path: apiPeople + "/:id/counters", ID: "setCounters", Tag: "people", Auth: openapi.Bearer,
			Summary:     "Say at which of an agency's counters one of its officers works",
			Description: recent + "An empty list is all of them.",
			Params:      []openapi.Param{{Name: "agency", In: "query", Required: true, Description: "The agency's code.", Example: "dukcapil"}},
			Request:     assignmentJSON{}, Response: personJSON{},
			Errors: faults("403 auth.not_yours", "409 auth.no_officer", "409 auth.own_roles", "422 invalid"),
		},
	}
}
