package domains

import "time"

// Forgotten makes the files be looked at again at the next handshake.
func (f *Files) Forgotten() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked = time.Time{}
}
