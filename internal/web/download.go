package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pendopo-id/pendopo/internal/clock"
)

// downloadTime bounds how long a download may take in all, and downloadIdle how long the client may leave us
// waiting in between.
const (
	downloadTime = time.Hour
	downloadIdle = 60 * time.Second
)

// Download answers with a file that fn writes while it is sent: as fast as the client takes it, and never more
// than some kilobytes ahead, however long it becomes. fn must not use the Ctx; its context ends when the client has
// gone or the process stops. When fn fails half-way the connection is cut, so that the client cannot take half
// a file for the whole.
func (c *Ctx) Download(name, contentType string, fn func(ctx context.Context, w io.Writer) error) error {
	c.f.Status(fiber.StatusOK)
	c.SetHeader(fiber.HeaderContentType, contentType)
	c.SetHeader(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	c.noStore()
	if c.Method() == fiber.MethodHead {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.base, downloadTime)
	out, in := io.Pipe()
	log, id := c.app.log, c.requestID
	go func() {
		defer cancel()
		w := bufio.NewWriterSize(in, 32<<10)
		err := guarded(ctx, w, fn)
		if err == nil {
			err = w.Flush()
		}
		if err != nil && ctx.Err() == nil {
			log.Error("download failed", slog.String("id", id), slog.String("error", err.Error()))
		}
		_ = in.CloseWithError(err) // nil is the end of the file
	}()
	c.f.Response().SetBodyStream(&download{out, c.f.Context().Conn(), cancel}, -1)
	return nil
}

// guarded runs fn; it stands in a goroutine without the server's recover.
func guarded(ctx context.Context, w io.Writer, fn func(context.Context, io.Writer) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(ctx, w)
}

// download is what the server sends from. It closes it when the client has gone.
type download struct {
	*io.PipeReader
	conn   net.Conn
	cancel context.CancelFunc
}

// Read moves the connection's deadline on: the server's own is for a whole response.
func (d *download) Read(b []byte) (int, error) {
	n, err := d.PipeReader.Read(b)
	if d.conn != nil {
		_ = d.conn.SetWriteDeadline(clock.System.Now().Add(downloadIdle))
	}
	return n, err
}

func (d *download) Close() error {
	d.cancel()
	return d.PipeReader.Close()
}
