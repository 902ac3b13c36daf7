package web

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

//go:embed text.yaml
var text []byte

var _ = i18n.Register("internal/web/text.yaml", text)

// problemType is where a problem's code is explained; it names the problem also where nobody looks.
const problemType = "https://pendopo.id/problems/"

// Problem is an error as a person, or a program (RFC 9457), is told of it.
type Problem struct {
	Status     int
	Code       string // "queue.full"
	Title      string // what kind of thing happened, in the request's language
	Detail     string // what it means here, and what to do
	Instance   string // the request's identifier, for asking us
	Fields     []ProblemField
	Extra      map[string]any
	RetryAfter time.Duration
}

// ProblemField is a wrong field of a form or a body.
type ProblemField struct {
	Name   string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// MarshalJSON implements json.Marshaler. Extra members stand beside the standard's and never replace one.
func (p Problem) MarshalJSON() ([]byte, error) {
	m := make(map[string]any, len(p.Extra)+6)
	for k, v := range p.Extra {
		m[k] = v
	}
	m["type"], m["title"], m["status"] = problemType+p.Code, p.Title, p.Status
	m["detail"], m["instance"], m["code"] = p.Detail, p.Instance, p.Code
	if len(p.Fields) > 0 {
		m["errors"] = p.Fields
	}
	return json.Marshal(m)
}

// statusError is a failure of HTTP itself that fault has no kind for.
type statusError struct {
	status int
	code   string
}

func (e *statusError) Error() string { return e.code }

// Problem puts an error into the request's words. Internal causes do not show.
func (c *Ctx) Problem(err error) Problem {
	var se *statusError
	if errors.As(err, &se) {
		return c.problem(se.status, &fault.Error{Code: se.code})
	}
	e := fault.Of(err)
	return c.problem(e.Kind.Status(), e)
}

func (c *Ctx) problem(status int, e *fault.Error) Problem {
	p := Problem{Status: status, Code: e.Code, Instance: c.requestID, Extra: e.Extra, RetryAfter: e.RetryAfter}
	p.Title = c.P.T("web.status." + strconv.Itoa(status))
	p.Detail = p.Title
	if i18n.Has("fault." + e.Code) {
		p.Detail = c.P.T("fault."+e.Code, e.Args...)
	}
	for _, f := range e.Fields {
		p.Fields = append(p.Fields, ProblemField{f.Name, f.Code, c.FieldText(f)})
	}
	return p
}

// FieldText is the sentence about a wrong field.
func (c *Ctx) FieldText(f fault.Field) string {
	if key := "fault.field." + f.Code; i18n.Has(key) {
		return c.P.T("fault.field."+f.Code, f.Args...)
	}
	return c.P.T("fault.field.wrong")
}

// fail answers an error. What the handler may have written before is thrown away.
func (a *App) fail(c *Ctx, err error) {
	p := c.Problem(err)
	c.refused = p.Code
	if p.Status >= 500 || !i18n.Has("fault."+p.Code) {
		level := slog.LevelError
		if fault.KindOf(err) == fault.Unavailable {
			level = slog.LevelWarn // said and meant: suspended, busy, draining
		}
		a.log.Log(context.Background(), level, "request failed", slog.String("id", c.requestID), slog.String("route", c.Route()),
			slog.Int("status", p.Status), slog.String("code", p.Code), slog.String("error", err.Error()))
	}
	shed := p.Status == fiber.StatusTooManyRequests || p.Status == fiber.StatusServiceUnavailable
	if a.cfg.Count != nil && c.Tenant != nil && (shed || p.Status >= 500) && p.Code != "suspended" {
		a.cfg.Count(c.Tenant.ID, p.Code, shed)
	}
	allow := string(c.f.Response().Header.Peek(fiber.HeaderAllow))
	c.f.Response().Reset()
	a.prepare(c)
	if p.Status == fiber.StatusMethodNotAllowed {
		c.f.Set(fiber.HeaderAllow, allow)
	}
	c.f.Set(fiber.HeaderCacheControl, "no-store")
	c.RetryAfter(p.RetryAfter)
	if p.Status == fiber.StatusUnauthorized && (c.IsAPI() || c.bearer) {
		c.f.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	if err := c.show(p); err != nil {
		a.log.Error("error page failed", slog.String("id", c.requestID), slog.String("error", err.Error()))
		c.f.Response().ResetBody()
		c.f.Status(p.Status)
		c.f.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
		_ = c.f.SendString(p.Title + "\n")
	}
}

// RetryAfter says when trying again makes sense; 0 says nothing.
func (c *Ctx) RetryAfter(d time.Duration) {
	if d > 0 {
		c.SetHeader(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(d.Seconds()))))
	}
}

// show writes a problem in the form that was asked for.
func (c *Ctx) show(p Problem) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("panic in an error page")
		}
	}()
	switch {
	case c.IsAPI():
		if err := c.JSON(p.Status, p); err != nil {
			return err
		}
		c.SetHeader(fiber.HeaderContentType, "application/problem+json")
		return nil
	case p.Status == fiber.StatusUnauthorized && c.Tenant != nil && !c.bearer && !c.isSignIn():
		return c.toSignIn()
	case p.Code == codeProve && !c.bearer:
		return c.lead(ProvePath)
	case p.Code == codeEnrol && !c.bearer:
		return c.lead(EnrolPath)
	case c.IsHTMX():
		if note := c.app.cfg.ErrorNote; note != nil {
			return c.Fragment(p.Status, note(c, p))
		}
		return c.Fragment(p.Status, errorNote(p))
	case c.app.cfg.ErrorPage != nil:
		return c.Page(p.Status, c.app.cfg.ErrorPage(c, p))
	}
	return c.Page(p.Status, ui.Problem(c.UI(""), p.trouble()))
}

// trouble is the problem in the page's words. The page knows a title, and a text where the code has
// none, for each usual status.
func (p Problem) trouble() ui.Trouble {
	t := ui.Trouble{Status: p.Status}
	switch p.Status {
	case fiber.StatusRequestTimeout, fiber.StatusRequestHeaderFieldsTooLarge:
		t.Title = p.Title
	}
	if p.Status != fiber.StatusInternalServerError && p.Detail != p.Title {
		t.Text = p.Detail
	}
	if p.Status >= 500 {
		t.Reference = p.Instance
	}
	return t
}

// SignInPath is where people sign in; ?next= leads back.
const SignInPath = "/masuk"

func (c *Ctx) isSignIn() bool { return c.Path() == SignInPath }

// toSignIn sends a person to the sign-in page, and from there back to where they wanted to go.
func (c *Ctx) toSignIn() error { return c.lead(SignInPath) }

// lead sends a person to a page, and from there back to where they wanted to go.
func (c *Ctx) lead(to string) error {
	if back := c.back(); back != "" && back != "/" {
		to += "?next=" + url.QueryEscape(back)
	}
	return c.SeeOther(to)
}

// back is the page that a person wanted to see, or the one that they came from with a form; "" if there is none.
func (c *Ctx) back() string {
	var page string
	switch {
	case c.IsHTMX(): // the page in which the fragment was to stand
		page = c.Header("HX-Current-URL")
	case c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead:
		if c.Actor == nil {
			return "" // whoever signs in again begins again
		}
		page = c.Header(fiber.HeaderReferer)
	default:
		return SafePath(string(c.f.Request().Header.RequestURI()), "")
	}
	u, err := url.Parse(page)
	if err != nil || u.Host != "" && u.Host != c.Host() {
		return ""
	}
	return SafePath(u.RequestURI(), "")
}

// outside answers what went wrong before entry ran: a head or body too large, a request that is none.
func (a *App) outside(f *fiber.Ctx, err error) error {
	defer a.lastResort(f)
	c, ok := f.Locals(ctxKey{}).(*Ctx)
	if !ok {
		c = &Ctx{app: a, f: f, std: a.base, requestID: requestID(""), Locale: i18n.ID, P: i18n.For(i18n.ID)}
		a.findHost(c)
		c.pickLocale()
	}
	code := fiber.StatusBadRequest
	var fe *fiber.Error
	if errors.As(err, &fe) {
		code = fe.Code
	}
	f.Context().SetConnectionClose()
	switch code {
	case fiber.StatusRequestEntityTooLarge:
		err = fault.New(fault.TooLarge, "too_large")
	case fiber.StatusRequestHeaderFieldsTooLarge:
		err = &statusError{code, "head_too_large"}
	case fiber.StatusRequestTimeout:
		err = &statusError{code, "too_slow"}
	default:
		err = fault.Wrap(err, fault.Malformed, "malformed")
	}
	a.fail(c, err)
	a.logAccess(c, 0)
	return nil
}
