package signin

import (
	"cmp"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
	"github.com/pendopo-id/pendopo/tenants/sheets"
)

// Where people are invited by a spreadsheet. Between the steps the file stays in the browser, in the page's own form: what
// was not agreed to is kept nowhere.
const (
	pathImport       = pathPeople + "/impor"
	pathImportSample = pathImport + "/contoh"
	pathImportMarked = pathImport + "/berkas"
	pathImportInvite = pathImport + "/undang"
)

const (
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	csvType  = "text/csv; charset=utf-8"

	// importBody is a request with a file, as it is or in base64, and the form around it.
	importBody = sheets.MaxSize*4/3 + 64<<10
	// importTime is for 500 people, each with an account, a role, records and a letter, on a slow disk.
	importTime = 60 * time.Second
)

// importRoutes stand before those of one person, whose identifier "impor" would be.
func importRoutes(r *web.Router, h handlers) {
	slow := web.Within(importTime)
	r.Get(pathImport, auth.PermPeople, h.importPage, web.Sudo)
	r.Get(pathImportSample, auth.PermPeople, h.importSample, web.Sudo)
	r.Post(pathImport, auth.PermPeople, h.importCheck, web.Sudo, slow, web.Uploads(importBody))
	r.Post(pathImportMarked, auth.PermPeople, h.importMarked, web.Sudo, slow, web.Uploads(importBody))
	r.Post(pathImportInvite, auth.PermPeople, h.importInvite, web.Sudo, slow, web.Uploads(importBody))
	r.Post(apiPeople+"/import", auth.PermPeople, h.importAPI, web.Sudo, slow, web.Uploads(importBody))
}

// importView is the page: an empty form, or what was found in a file.
type importView struct {
	Read     bool // a file was read
	Name     string
	Content  string // the file in base64, for the next step
	People   []importRow
	Wrong    []sheets.Problem
	Warnings []sheets.Problem
	Limit    int
	Form     form
}

// importRow is somebody who would be invited.
type importRow struct {
	Row             int
	Name, Email, At string
}

// known is the region against which a file of people is read, as the actor may act in it.
func (h handlers) known(c *web.Ctx) (sheets.Known, map[string]id.ID, error) {
	keys, err := h.door.CounterKeys(c.Std(), c.Tenant)
	if err != nil {
		return sheets.Known{}, nil, err
	}
	named := make(map[id.ID]string, len(keys))
	for key, counter := range keys {
		named[counter] = key
	}
	all, err := h.places(c)
	if err != nil {
		return sheets.Known{}, nil, err
	}
	var k sheets.Known
	for _, a := range all {
		if a.Retired {
			continue
		}
		one := sheets.Agency{Code: a.Code, Closed: !auth.MayGive(c.Actor, c.Tenant, auth.Post{Role: authz.RoleOfficer, Agency: a.Code})}
		for _, name := range []string{a.Name, a.Short, a.NameEN, a.ShortEN} {
			if name != "" {
				one.Names = append(one.Names, name)
			}
		}
		for _, counter := range a.Counters {
			one.Counters = append(one.Counters, sheets.Counter{Key: named[counter.ID], Name: counter.Name})
		}
		k.Agencies = append(k.Agencies, one)
	}
	k.Roles = []tenants.Role{}
	for _, role := range auth.GivenRoles {
		if auth.MayGiveSomewhere(c.Actor, c.Tenant, role) {
			k.Roles = append(k.Roles, tenants.Role(role))
		}
	}
	if len(k.Roles) == 0 {
		return k, nil, fault.New(fault.NotFound, "page") // the platform's people are invited by a command
	}
	return k, keys, nil
}

// imported is a file that was read against the region.
type imported struct {
	file    *sheets.File
	entries []sheets.Entry
	wrong   []sheets.Problem
	known   sheets.Known
	keys    map[string]id.ID
}

func (h handlers) read(c *web.Ctx, raw []byte) (f imported, err error) {
	if f.known, f.keys, err = h.known(c); err != nil {
		return f, err
	}
	if f.file, f.wrong = sheets.OpenBytes(raw); f.file == nil {
		return f, nil
	}
	taken, err := h.door.Taken(c.Std(), c.Tenant, f.file.Emails())
	if err != nil {
		return f, err
	}
	f.known.There = func(email string) bool { return taken[email] }
	f.entries, f.wrong = f.file.People(f.known)
	return f, nil
}

// newcomers are the people of the file as they are invited.
func (f imported) newcomers() []auth.Newcomer {
	out := make([]auth.Newcomer, len(f.entries))
	for i, e := range f.entries {
		out[i] = auth.Newcomer{Name: e.Name, Email: e.Email, Post: auth.Post{Role: string(e.Role), Agency: e.Agency}}
		for _, key := range e.Counters {
			out[i].Counters = append(out[i].Counters, f.keys[key])
		}
	}
	return out
}

func (h handlers) importPage(c *web.Ctx) error {
	if _, _, err := h.known(c); err != nil {
		return err
	}
	return h.showImport(c, fiber.StatusOK, importView{})
}

func (h handlers) showImport(c *web.Ctx, status int, v importView) error {
	p := h.ui(c, "signin.import_title")
	p.Path = pathImport
	v.Limit = sheets.MaxPeople
	return c.Page(status, importPage(p, v))
}

func (h handlers) importSample(c *web.Ctx) error {
	k, _, err := h.known(c)
	if err != nil {
		return err
	}
	content, err := sheets.Template(sheets.KindPeople, k)
	if err != nil {
		return err
	}
	return c.Attachment("petugas-contoh.xlsx", xlsxType, content)
}

// importCheck reads a file and shows what would be done.
func (h handlers) importCheck(c *web.Ctx) error {
	name, raw, err := c.FileAgain("berkas")
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		v := importView{Form: form{Fields: map[string]string{"berkas": c.P.T("signin.import_none")}}}
		return h.showImport(c, fiber.StatusUnprocessableEntity, v)
	}
	f, err := h.read(c, raw)
	if err != nil {
		return err
	}
	return h.showFound(c, name, raw, f)
}

func (h handlers) showFound(c *web.Ctx, name string, raw []byte, f imported) error {
	v := importView{Read: true, Name: name, Content: base64.StdEncoding.EncodeToString(raw)}
	if f.file == nil {
		v.Content = "" // nothing to mark
	}
	for _, p := range f.wrong {
		if p.Warning {
			v.Warnings = append(v.Warnings, p)
		} else {
			v.Wrong = append(v.Wrong, p)
		}
	}
	all, err := h.places(c)
	if err != nil {
		return err
	}
	p := h.ui(c, "signin.import_title")
	for _, e := range f.entries {
		at := all.post(p, auth.Post{Role: string(e.Role), Agency: e.Agency})
		if len(e.Counters) > 0 {
			at += ", " + strings.ToLower(p.T("signin.import_counters")) + " " + strings.Join(e.Counters, ", ")
		}
		v.People = append(v.People, importRow{e.Row, e.Name, e.Email, at})
	}
	status := fiber.StatusOK
	if len(v.Wrong) > 0 {
		status = fiber.StatusUnprocessableEntity
	}
	return h.showImport(c, status, v)
}

// importMarked gives the file back with its mistakes beside the rows.
func (h handlers) importMarked(c *web.Ctx) error {
	name, raw, err := c.FileAgain("berkas")
	if err != nil {
		return err
	}
	f, err := h.read(c, raw)
	if err != nil {
		return err
	}
	if f.file == nil {
		return h.showFound(c, name, raw, f)
	}
	content, err := f.file.Annotated(f.wrong, c.Locale == i18n.EN)
	if err != nil {
		return err
	}
	if f.file.IsCSV() {
		return c.Attachment("petugas-masalah.csv", csvType, content)
	}
	return c.Attachment("petugas-masalah.xlsx", xlsxType, content)
}

// importInvite invites everybody in the file, or nobody: it is read again, for in the meantime somebody may have been
// invited by another.
func (h handlers) importInvite(c *web.Ctx) error {
	name, raw, err := c.FileAgain("berkas")
	if err != nil {
		return err
	}
	f, err := h.read(c, raw)
	if err != nil {
		return err
	}
	if f.file == nil || sheets.Wrong(f.wrong) {
		return h.showFound(c, name, raw, f)
	}
	_, refused, err := h.door.AddAll(c.Std(), c.Tenant, c.Actor, f.newcomers())
	if fault.KindOf(err) == fault.TooMany {
		v := importView{}
		status, err := v.Form.say(c, err)
		if err != nil {
			return err
		}
		return h.showImport(c, status, v)
	}
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		for _, r := range refused {
			f.wrong = append(f.wrong, h.problemOf(c, f.entries[r.At], r.Err))
		}
		return h.showFound(c, name, raw, f)
	}
	return c.SeeOther(pathPeople + "?keadaan=" + string(auth.StateInvited) + "&kabar=impor")
}

// problemOf is a refusal as a problem of the row.
func (h handlers) problemOf(c *web.Ctx, e sheets.Entry, err error) sheets.Problem {
	p := sheets.Problem{Sheet: e.Sheet, Row: e.Row, Rule: sheets.RuleFile}
	for _, field := range fault.Of(err).Fields {
		p.Message = strings.TrimSpace(p.Message + " " + c.FieldText(field))
	}
	p.Message = cmp.Or(p.Message, c.Problem(err).Detail)
	p.MessageEN = p.Message // it is said in the language in which it was asked
	return p
}

// said is a problem's text in the page's language.
func problemText(p ui.Page, w sheets.Problem) string {
	if p.Locale == i18n.EN {
		return w.MessageEN
	}
	return w.Message
}

// problemPlace is where it is: "Baris 12, kolom C (Peran)".
func problemPlace(p ui.Page, w sheets.Problem) string {
	var out []string
	if w.Sheet != "" {
		out = append(out, p.T("signin.import_sheet", w.Sheet))
	}
	if w.Row > 0 {
		out = append(out, p.T("signin.import_row", w.Row))
	}
	switch {
	case w.Column != "" && w.Header != "":
		out = append(out, p.T("signin.import_column_named", w.Column, w.Header))
	case w.Header != "":
		out = append(out, w.Header)
	}
	if len(out) == 0 {
		return p.T("signin.import_file")
	}
	return ui.Capital(strings.Join(out, ", "))
}

// importJSON are people who are invited together.
type importJSON struct {
	People []newcomerJSON `json:"people"`
	DryRun bool           `json:"dry_run,omitempty" jsonschema_description:"Only look whether all of them can be invited."`
}

type importedJSON struct {
	People []id.ID `json:"people" jsonschema_description:"The accounts, in the order of the request; none with dry_run."`
}

// importAPI is the same for programs, which bring people and no file. Everything that is wrong is named by the place in
// the list: "people[3].email".
func (h handlers) importAPI(c *web.Ctx) error {
	var in importJSON
	if err := c.BindJSON(&in); err != nil {
		return err
	}
	list := make([]auth.Newcomer, len(in.People))
	for i, p := range in.People {
		list[i] = auth.Newcomer{Name: p.Name, Email: p.Email, Post: auth.Post{Role: p.Role, Agency: p.Agency}, Counters: p.Counters}
	}
	add := h.door.AddAll
	if in.DryRun {
		add = h.door.MayAddAll
	}
	users, refused, err := add(c.Std(), c.Tenant, c.Actor, list)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		f := fault.New(fault.Invalid, "invalid")
		for _, r := range refused {
			at, e := "people["+strconv.Itoa(r.At)+"]", fault.Of(r.Err)
			for _, field := range e.Fields {
				f = f.Field(at+"."+field.Name, field.Code, field.Args...)
			}
			if len(e.Fields) == 0 {
				f = f.Field(at, cmp.Or(map[string]string{"auth.taken": "taken", "auth.not_yours": "not_yours", "not_found": "counter"}[e.Code], "wrong"))
			}
		}
		return f
	}
	if users == nil {
		users = []id.ID{}
	}
	status := fiber.StatusCreated
	if in.DryRun {
		status = fiber.StatusOK
	}
	return c.JSON(status, importedJSON{users})
}
