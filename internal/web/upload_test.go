package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/pendopo-id/pendopo/internal/authz"
)

// A route that takes files takes them, and the others on the same connection keep their limit.
func TestUploads(t *testing.T) {
	s := rawSite(t)
	s.Tenant().Post("/unggah", authz.Public, func(c *Ctx) error {
		name, content, err := c.File("berkas")
		if err != nil {
			return err
		}
		return c.JSON(200, map[string]any{"name": name, "size": len(content), "none": content == nil})
	}, Uploads(200<<10), Reads)
	address := start(t, s)
	form := func(size int) (string, *bytes.Buffer) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("berkas", "a\"b.csv")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(bytes.Repeat([]byte("x"), size)); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		return w.FormDataContentType(), &body
	}
	for _, c := range []struct {
		path string
		size int
		want int
		text string
	}{
		{"/unggah", 150 << 10, 200, `"size":153600`}, {"/halo", 70 << 10, 413, ""}, {"/unggah", 250 << 10, 413, ""}, {"/unggah?x=1", 70 << 10, 200, `"none":false`}, {"/unggah/", 70 << 10, 413, ""},
	} {
		kind, body := form(c.size)
		req, err := http.NewRequest("POST", address+c.path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "bangka.localhost"
		req.Header.Set("Content-Type", kind)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			if c.want == 413 { // hung up on before all was sent
				continue
			}
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != c.want || !strings.Contains(string(text), c.text) {
			t.Errorf("%s with %d: %d %s", c.path, c.size, res.StatusCode, text)
		}
	}
	req, _ := http.NewRequest("POST", address+"/unggah", strings.NewReader("a=b"))
	req.Host = "bangka.localhost"
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("no file: %v", err)
	}
	_ = res.Body.Close()
}
