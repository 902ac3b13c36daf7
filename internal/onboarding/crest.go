package onboarding

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/web"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
	"github.com/pendopo-id/pendopo/internal/web/ui"
	"github.com/pendopo-id/pendopo/tenants"
)

// crestField is where the crest stands among the fields.
const crestField = "logo"

// pathCrestFile is where a crest is uploaded and removed.
const pathCrestFile = ui.PathSetup + "/lambang"

// crestBody is a request with a crest: more than is taken, so that a larger one can be told so.
const crestBody = 1 << 20

// maxCrestSaid is how many things wrong with a drawing stand on the screen.
const maxCrestSaid = 12

// crestMark names a crest without saying it: what a page showed is told by it.
func crestMark(svg string) string {
	if svg == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(svg))
	return hex.EncodeToString(sum[:8])
}

// SaveCrest puts a crest into a draft, or takes it away where svg is empty. shown is crestMark of what the page showed:
// what somebody else has put there since is a Conflict and stays.
func (s *Service) SaveCrest(ctx context.Context, t *tenant.Tenant, by *authz.Actor, shown, svg string) (Result, error) {
	d, err := s.Draft(ctx, t)
	if err != nil {
		return Result{}, err
	}
	was := d.Fields[crestField]
	if crestMark(was) != shown {
		was = "-" // no drawing: Save finds that another thing stands there
	}
	out, _, err := s.Save(ctx, t, by, []Change{{Path: crestField, Was: was, Value: svg}})
	if err != nil {
		return Result{}, err
	}
	return out[0], nil
}

// saveCrest takes an uploaded crest, or removes the one that is there.
func (h handlers) saveCrest(c *web.Ctx) error {
	svg := ""
	if c.Form("act") != "remove" {
		_, raw, err := c.File("berkas")
		if err != nil {
			return err
		}
		var wrong []string
		if svg, wrong = readCrest(c, raw); len(wrong) > 0 {
			return h.drawCrest(c, http.StatusUnprocessableEntity, wrong)
		}
	}
	res, err := h.SaveCrest(c.Std(), c.Tenant, c.Actor, c.Query("tampak"), svg)
	if err != nil {
		return err
	}
	switch res.Outcome {
	case Saved:
		return c.SeeOther(stepRegion.path() + "#lambang")
	case Refused:
		return h.drawCrest(c, http.StatusConflict, []string{c.P.T("fault." + res.Problem)})
	}
	d, err := h.Draft(c.Std(), c.Tenant)
	if err != nil {
		return err
	}
	names, err := h.names(c.Std(), c.Tenant, d)
	if err != nil {
		return err
	}
	return h.drawCrest(c, http.StatusConflict, []string{c.P.T("onboarding.crest_conflict", cmp.Or(names[res.By], c.P.T("onboarding.somebody")))})
}

// pictures are the files that people take for a crest, by how they begin.
var pictures = []struct{ begins, name string }{
	{"\x89PNG", "PNG"}, {"\xff\xd8\xff", "JPEG"}, {"GIF8", "GIF"}, {"RIFF", "WebP"}, {"BM", "BMP"}, {"%PDF", "PDF"}, {"%!PS", "EPS"}, {"PK\x03\x04", "ZIP"}, {"\x1f\x8b", "SVGZ"},
}

// readCrest checks a drawing and says, in the page's language, everything for which it is refused.
func readCrest(c *web.Ctx, raw []byte) (svg string, wrong []string) {
	if len(raw) == 0 {
		return "", []string{c.P.T("onboarding.crest_none")}
	}
	for _, x := range pictures {
		if bytes.HasPrefix(raw, []byte(x.begins)) {
			return "", []string{c.P.T("onboarding.crest_picture", x.name)}
		}
	}
	svg, problems := tenants.ReadLogo(raw)
	for i, p := range problems {
		if i == maxCrestSaid {
			wrong = append(wrong, c.P.T("onboarding.crest_more", len(problems)-i))
			break
		}
		text := p.Message
		if c.Locale == i18n.EN {
			text = p.MessageEN
		}
		if p.Line > 0 {
			text = c.P.T("onboarding.crest_line", strconv.Itoa(p.Line), text)
		}
		wrong = append(wrong, text)
	}
	if svg == "" && len(wrong) == 0 {
		wrong = []string{c.P.T("onboarding.crest_none")}
	}
	return svg, wrong
}
