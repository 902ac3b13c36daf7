package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/seal"
)

// A browser in which somebody has signed in is a known device of theirs: it keeps a mark, and who shows it is not
// slowed by what strangers guess, only by their own mistakes. So strangers cannot lock anybody out at their desk. The
// mark proves nothing else: the password is asked as ever.
//
// A mark is random, and sealed under the region's keys to one person, their password and a day. Nothing is stored: no
// list of anybody's devices is kept, another password makes all marks worthless, and so do other keys.

// Known is how long a browser is known after a sign-in.
const Known = 180 * 24 * time.Hour

// maxMarks are how many people's marks one browser keeps: a counter's is used by several.
const maxMarks = 5

const (
	markRandom = 16
	markLen    = markRandom + 4 + 16 // random, until when, what seals them
	markSep    = "."
)

// mark is one of a browser's marks as it came.
type mark struct {
	text  string
	name  string // the random part
	until time.Time
	seal  []byte
}

// marks reads what a browser keeps. What is no mark is left out.
func marks(cookie string) (out []mark) {
	for i, text := range strings.Split(cookie, markSep) {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if i == maxMarks {
			break
		}
		if err != nil || len(raw) != markLen {
			continue
		}
		until := time.Unix(int64(binary.BigEndian.Uint32(raw[markRandom:]))*3600, 0)
		out = append(out, mark{text, hex.EncodeToString(raw[:markRandom]), until, raw[markRandom+4:]})
	}
	return out
}

// markSeal binds a mark to a person. Somebody who is nobody has the same work done.
func markSeal(k *seal.Keys, name string, until time.Time, user *account) ([]byte, error) {
	if user == nil {
		user = &account{}
	}
	text, err := k.Pseudonym("device", strings.Join([]string{name, until.UTC().Format(time.RFC3339), user.ID.String(), user.PasswordHash}, "\n"))
	return []byte(text), err
}

// is tells whether a mark is of a person's device.
func (m mark) is(k *seal.Keys, user *account, now time.Time) (bool, error) {
	want, err := markSeal(k, m.name, m.until, user)
	return err == nil && user != nil && now.Before(m.until) && hmac.Equal(want, []byte(hex.EncodeToString(m.seal))), err
}

// knownDevice is the name of the device that somebody signs in from, when it is one of theirs; else "".
func knownDevice(k *seal.Keys, cookie string, user *account, now time.Time) (name string, err error) {
	for _, m := range marks(cookie) {
		is, err := m.is(k, user, now)
		if err != nil {
			return "", err
		}
		if is {
			name = m.name
		}
	}
	return name, nil
}

// remember is what the browser keeps from now on: this person's mark, and those of others.
func remember(k *seal.Keys, cookie string, user *account, now time.Time) (string, error) {
	raw := make([]byte, markRandom, markLen)
	_, _ = rand.Read(raw) // does not fail
	var others []string
	for _, m := range marks(cookie) {
		is, err := m.is(k, user, now)
		switch {
		case err != nil:
			return "", err
		case is: // it stays the same device
			if _, err := hex.Decode(raw, []byte(m.name)); err != nil {
				return "", err
			}
		case now.Before(m.until):
			others = append(others, m.text)
		}
	}
	until := now.Add(Known).Truncate(time.Hour)
	sealed, err := markSeal(k, hex.EncodeToString(raw), until, user)
	if err != nil {
		return "", err
	}
	raw = binary.BigEndian.AppendUint32(raw, uint32(until.Unix()/3600)) //nolint:gosec // hours fit for the next 490,000 years
	if raw, err = hex.AppendDecode(raw, sealed); err != nil {
		return "", err
	}
	out := append([]string{base64.RawURLEncoding.EncodeToString(raw)}, others...)
	return strings.Join(out[:min(len(out), maxMarks)], markSep), nil
}
