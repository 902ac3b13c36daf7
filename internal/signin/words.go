package signin

import (
	"time"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/clock"
	"github.com/pendopo-id/pendopo/internal/web/ui"
)

// day is the day on which a moment falls for who reads the page.
func day(p ui.Page, t time.Time) clock.Day { return clock.DayOf(t, p.Print().Local(t).Location()) }

// deviceName is what kind of device a session is on.
func (s sessionRow) deviceName(p ui.Page) string {
	switch {
	case s.Kind == auth.Bearer:
		return p.T("signin.program")
	case s.Agent == "":
		return p.T("signin.unknown_device")
	}
	return s.Agent
}

func (s sessionRow) icon() string {
	if s.Kind == auth.Bearer {
		return "plug-connected"
	}
	return "device-desktop"
}

// seen is when a session was last in use. It is kept to the minute.
func (s sessionRow) seen(p ui.Page) string {
	if s.Mine {
		return ""
	}
	return p.T("signin.seen", p.Print().DateShort(day(p, s.SeenAt)), p.Print().TimeZone(s.SeenAt))
}

// how is by which agency's account a session began, where it was one.
func (s sessionRow) how(p ui.Page) string {
	if s.Name == "" {
		return ""
	}
	return p.T("signin.session_via", s.Name)
}

// stepText is what a second step asks for: another sentence where an agency's provider was the first, and no password.
func stepText(p ui.Page, step auth.Step, what, afterPassword string) string {
	if step.Via != "" {
		return p.T("signin.step_provider." + what)
	}
	return afterPassword
}

// proofNext is where somebody goes on whom their agency's provider has asked again.
func proofNext(next string) string {
	if next == "" {
		return ui.PathAccount
	}
	return next
}

func doorOptions(doors []door) []ui.Option {
	out := make([]ui.Option, len(doors))
	for i, d := range doors {
		out[i] = ui.Option{Value: d.Code, Label: d.Name}
	}
	return out
}

// lastApp tells whether the app is the last factor of somebody who must have one.
func (v accountView) lastApp() bool { return v.MustHave && v.Factors.Passkeys == 0 }

// lastKey tells the same of a passkey.
func (v accountView) lastKey() bool { return v.MustHave && !v.Factors.TOTP && v.Factors.Passkeys == 1 }

// keyUse is since when a passkey is there, and when it was used last.
func keyUse(p ui.Page, k auth.Key) string {
	added := p.T("signin.key_added", p.Print().DateShort(day(p, k.CreatedAt)))
	if k.UsedAt.IsZero() {
		return added
	}
	return added + " " + p.T("signin.seen", p.Print().DateShort(day(p, k.UsedAt)), p.Print().TimeZone(k.UsedAt))
}
