package voice

import "time"

// Heard sets how long was listened to already, so that a test of the limit takes no day.
func (d *Detector) Heard(t time.Duration) { d.heard = t }

// Add takes a span as a window gives it.
func (d *Detector) Add(s Span) { d.add(s) }
