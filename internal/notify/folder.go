package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pendopo-id/pendopo/internal/id"
)

// Folder keeps messages as files instead of sending them, for a demo and for development: a folder a
// region, a file a message. The files hold what people would get, secret links too.
type Folder struct{ dir string }

// NewFolder makes the carrier. The folder is made when the first message comes.
func NewFolder(dir string) *Folder { return &Folder{dir} }

// keptMost is how many messages of a region are kept; the oldest go.
const keptMost = 500

// Idempotent implements Carrier: the same message is the same file.
func (*Folder) Idempotent() bool { return true }

// Check implements Carrier.
func (f *Folder) Check(context.Context) error { return os.MkdirAll(f.dir, 0o700) }

// Carry implements Carrier.
func (f *Folder) Carry(_ context.Context, l Letter) (string, error) {
	var b bytes.Buffer
	if l.Channel == Email {
		msg, err := compose(l, "mpp@"+l.Region.Host, l.Region.Host)
		if err != nil {
			return "", &Refusal{Outcome: Permanent, Code: "folder.address"}
		}
		if _, err := msg.WriteTo(&b); err != nil {
			return "", &Refusal{Outcome: Temporary, Code: "folder.compose"}
		}
	} else {
		fmt.Fprintf(&b, "Date: %s\r\nFrom: %s\r\nTo: %s\r\nX-Channel: %s\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n%s\r\n",
			l.At.In(l.Region.Loc).Format(time.RFC1123Z), mime.QEncoding.Encode("utf-8", l.Region.Name), mime.QEncoding.Encode("utf-8", l.To), l.Channel, l.Text)
	}
	dir := filepath.Join(f.dir, l.Region.Code)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", &Refusal{Outcome: Temporary, Code: "folder.write"}
	}
	// Whole or not at all, also for who reads the folder meanwhile.
	name := l.ID.String() + ".eml"
	tmp := filepath.Join(dir, "."+name)
	err := os.WriteFile(tmp, b.Bytes(), 0o600)
	if err == nil {
		err = os.Rename(tmp, filepath.Join(dir, name))
	}
	if err != nil {
		return "", &Refusal{Outcome: Temporary, Code: "folder.write"}
	}
	f.prune(dir)
	return name, nil
}

// Forget deletes the messages of a region that was erased, by its code.
func (f *Folder) Forget(code string) error {
	if code == "" || code != filepath.Base(code) || code == "." || code == ".." {
		return fmt.Errorf("notify: %q is no region's code", code)
	}
	return os.RemoveAll(filepath.Join(f.dir, code))
}

// prune deletes the oldest files: the names begin with the time.
func (f *Folder) prune(dir string) {
	names, err := filepath.Glob(filepath.Join(dir, "[^.]*.eml"))
	if err != nil || len(names) <= keptMost {
		return
	}
	slices.Sort(names)
	for _, n := range names[:len(names)-keptMost] {
		_ = os.Remove(n)
	}
}

// Kept is a message in the folder.
type Kept struct {
	ID      string
	Region  string // code
	At      time.Time
	Channel Channel
	From    string
	To      string
	Subject string
	Text    string
}

// List reads what the folder keeps, the newest first, without the texts.
func (f *Folder) List() (out []Kept, err error) {
	names, err := filepath.Glob(filepath.Join(f.dir, "*", "[^.]*.eml"))
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	for _, n := range names {
		k, err := read(n)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the service has just tidied up
		}
		if err != nil {
			return nil, err
		}
		k.Text = ""
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b Kept) int { return strings.Compare(b.ID, a.ID) })
	return out, nil
}

// Show reads one message; ok is false if there is none.
func (f *Folder) Show(message string) (k Kept, ok bool, err error) {
	one, ok := identifier(message)
	if !ok {
		return k, false, nil
	}
	names, err := filepath.Glob(filepath.Join(f.dir, "*", one+".eml"))
	if err != nil || len(names) == 0 {
		return k, false, err
	}
	k, err = read(names[0])
	return k, err == nil, err
}

// identifier reads what was typed: an identifier, and never a path.
func identifier(s string) (string, bool) {
	i, err := id.Parse(s)
	return i.String(), err == nil && !i.IsZero()
}

func read(name string) (k Kept, err error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return k, err
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return k, fmt.Errorf("notify: %s: %w", name, err)
	}
	words := mime.WordDecoder{}
	header := func(h string) string {
		s, err := words.DecodeHeader(msg.Header.Get(h))
		if err != nil {
			return msg.Header.Get(h)
		}
		return s
	}
	k = Kept{
		ID: strings.TrimSuffix(filepath.Base(name), ".eml"), Region: filepath.Base(filepath.Dir(name)),
		Channel: Channel(msg.Header.Get("X-Channel")), From: header("From"), To: strings.Trim(header("To"), "<>"), Subject: header("Subject"),
	}
	if k.Channel == "" {
		k.Channel = Email
	}
	if k.At, err = msg.Header.Date(); err != nil {
		return k, fmt.Errorf("notify: %s: %w", name, err)
	}
	if k.Text, err = plainText(msg); err != nil {
		return k, fmt.Errorf("notify: %s: %w", name, err)
	}
	return k, nil
}

// plainText finds the text that was written for reading without HTML.
func plainText(msg *netmail.Message) (string, error) {
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	body := msg.Body
	if strings.HasPrefix(kind, "multipart/") {
		part, err := multipart.NewReader(body, params["boundary"]).NextPart() // the plain one comes first
		if err != nil {
			return "", err
		}
		body = part // NextPart has decoded quoted-printable
	} else if strings.EqualFold(msg.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	return strings.ReplaceAll(string(text), "\r\n", "\n"), err
}
