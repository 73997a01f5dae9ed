package consentry

import (
	"context"

	"github.com/consentry/consentry/video"
)

// look is one of those who look at the decoded pictures and sound. All of them share one decode, are called one after
// the other, and write their part of the report when it has ended.
type look struct {
	all    bool // it needs all frames; else key frames will do
	sink   video.Sink
	done   func(*video.Result) error // the stream was read to its end, or to Result.Broken
	failed func(why string) error    // the decoder could not do its work: what was seen is no answer
}

// looks are those that this run needs.
func (r *run) looks(ctx context.Context) []look {
	list := append([]look{r.lookForMarks(), r.lookForVisible()}, r.printLooks()...)
	list = append(list, r.detectorLooks(ctx)...)
	list = append(list, r.lookWithNetworks()...)
	list = append(list, r.lookForSoundMarks()...)
	if r.people.analysis != nil {
		list = append(list, r.lookForFaces())
	}
	if r.peopleAsked() && r.framesOff() == "" {
		list = append(list, r.lookForVoices())
	}
	return list
}

// fanOut hands what a decoder gives to all who look. What nobody takes is not asked for. first sees the tracks before
// the others.
func fanOut(looks []look, first func(*video.Info) error) video.Sink {
	infos := []func(*video.Info) error{first}
	var frames []func(*video.Frame) error
	var sounds []func(*video.Audio) error
	for _, l := range looks {
		if l.sink.Info != nil {
			infos = append(infos, l.sink.Info)
		}
		if l.sink.Frame != nil {
			frames = append(frames, l.sink.Frame)
		}
		if l.sink.Audio != nil {
			sounds = append(sounds, l.sink.Audio)
		}
	}
	return video.Sink{Info: each(infos), Frame: each(frames), Audio: each(sounds)}
}

// each calls all of them up to the first error; of none it is nil.
func each[T any](fs []func(T) error) func(T) error {
	if len(fs) == 0 {
		return nil
	}
	return func(v T) error {
		for _, f := range fs {
			if err := f(v); err != nil {
				return err
			}
		}
		return nil
	}
}

func finish(looks []look, res *video.Result) error {
	for _, l := range looks {
		if err := l.done(res); err != nil {
			return err
		}
	}
	return nil
}

func fail(looks []look, why string) error {
	for _, l := range looks {
		if err := l.failed(why); err != nil {
			return err
		}
	}
	return nil
}
