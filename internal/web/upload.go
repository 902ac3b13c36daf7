package web

import (
	"bytes"
	"encoding/base64"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/pendopo-id/pendopo/internal/fault"
)

// uploadTime is how long a request with a file may take to arrive, over a slow line.
const uploadTime = 60 * time.Second

// Uploads lets requests of the route be as long as a file and its form, in bytes; all others keep Config.BodyLimit. The
// route's path has no parameter but the last part: it is looked for before the request's body is read.
func Uploads(size int) Option { return func(r *Route) { r.body = size } }

// received tells the server, once a request's head has come, how long its body may be.
func (a *App) received(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	method := string(h.Method()) + " "
	size, ok := a.uploads[method+string(path)]
	if i := bytes.LastIndexByte(path, '/'); !ok && i >= 0 {
		size, ok = a.uploads[method+string(path[:i+1])]
	}
	if !ok {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: size, ReadTimeout: uploadTime}
}

// File is a file that a form sent (multipart/form-data). Without one content is nil. The fault is "malformed" (400) for
// a form that cannot be read.
func (c *Ctx) File(field string) (name string, content []byte, err error) {
	if !bytes.HasPrefix(c.f.Request().Header.ContentType(), []byte(fiber.MIMEMultipartForm)) {
		return "", nil, nil
	}
	form, err := c.f.MultipartForm()
	if err != nil {
		return "", nil, fault.Wrap(err, fault.Malformed, "malformed")
	}
	files := form.File[field]
	if len(files) == 0 || files[0].Size == 0 && files[0].Filename == "" {
		return "", nil, nil
	}
	f, err := files[0].Open()
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = f.Close() }()
	if content, err = io.ReadAll(f); err != nil {
		return "", nil, err
	}
	return clean(files[0].Filename), content, nil
}

// FileAgain is File for a form whose file is looked at first and sent again by the page itself: its fields "nama" and "isi"
// hold it then, in base64.
func (c *Ctx) FileAgain(field string) (name string, content []byte, err error) {
	name, content, err = c.File(field)
	if err != nil || content != nil {
		return name, content, err
	}
	content, err = base64.StdEncoding.DecodeString(c.Form("isi"))
	if err != nil {
		return "", nil, fault.Wrap(err, fault.Malformed, "malformed")
	}
	return c.Form("nama"), content, nil
}

// Attachment answers with a small file that is in memory, to be kept.
func (c *Ctx) Attachment(name, contentType string, content []byte) error {
	c.SetHeader(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Blob(fiber.StatusOK, contentType, content)
}
