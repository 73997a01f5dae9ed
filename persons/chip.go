package persons

import "math"

// canon is where eyes, nose and corners of the mouth lie in a chip, in pixels: dlib's mean face in a square of 150, with a
// quarter of it around. The network was trained on faces that are turned like this.
var canon = [5][2]float64{{47.55, 46.60}, {100.48, 46.60}, {74.01, 76.56}, {50.41, 103.02}, {97.61, 103.02}}

// turn is a similarity: it turns, scales and moves a place of a chip to one of a picture. x' = a·x - b·y + dx, y' = b·x +
// a·y + dy.
type turn struct{ a, b, dx, dy float64 }

// turnTo is the similarity that brings the places of [canon] nearest to landmarks, by least squares; false: the landmarks
// lie in one place.
func turnTo(landmarks [5][2]float64) (turn, bool) {
	var fx, fy, tx, ty float64
	for i, c := range canon {
		fx, fy, tx, ty = fx+c[0]/5, fy+c[1]/5, tx+landmarks[i][0]/5, ty+landmarks[i][1]/5
	}
	var a, b, norm float64
	for i, c := range canon {
		x, y, u, v := c[0]-fx, c[1]-fy, landmarks[i][0]-tx, landmarks[i][1]-ty
		a, b, norm = a+x*u+y*v, b+x*v-y*u, norm+x*x+y*y
	}
	t := turn{a: a / norm, b: b / norm}
	t.dx, t.dy = tx-t.a*fx+t.b*fy, ty-t.b*fx-t.a*fy
	scale := math.Hypot(t.a, t.b)
	return t, scale > 1e-3 && scale < MaxSide // a NaN is neither
}

// maxSamples bounds the samples a side of a pixel of a chip: faces that fill a picture are 9 times as large as a chip.
const maxSamples = 10

// chipOf cuts a face out of a picture, turned upright, by its landmarks in pixels; nil: they lie in one place. What lies
// outside the picture is black. A face that is larger than the chip is sampled as finely as it is.
func chipOf(p *Picture, landmarks [5][2]float64) *Picture {
	t, ok := turnTo(landmarks)
	if !ok {
		return nil
	}
	n := min(max(int(math.Ceil(math.Hypot(t.a, t.b))), 1), maxSamples)
	out := &Picture{Width: ChipSide, Height: ChipSide, RGB: make([]byte, 3*ChipSide*ChipSide)}
	for y := range ChipSide {
		for x := range ChipSide {
			var sum [3]float64
			for k := range n * n {
				cx := float64(x) + (float64(k%n)+.5)/float64(n) - .5
				cy := float64(y) + (float64(k/n)+.5)/float64(n) - .5
				p.add(&sum, t.a*cx-t.b*cy+t.dx, t.b*cx+t.a*cy+t.dy)
			}
			for c := range sum {
				out.RGB[3*(y*ChipSide+x)+c] = byte(sum[c]/float64(n*n) + .5)
			}
		}
	}
	return out
}

// add adds the colour at a place between pixels.
func (p *Picture) add(sum *[3]float64, x, y float64) {
	if !(x > -1 && y > -1 && x < float64(p.Width) && y < float64(p.Height)) {
		return
	}
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	fx, fy := x-float64(x0), y-float64(y0)
	for k, weight := range [4]float64{(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy} {
		px, py := x0+k%2, y0+k/2
		if px < 0 || py < 0 || px >= p.Width || py >= p.Height {
			continue
		}
		for c := range sum {
			sum[c] += weight * float64(p.RGB[3*(py*p.Width+px)+c])
		}
	}
}

// pose says how well a face can be compared: the distance of its eyes in pixels, and how far it is turned to the front: 1
// where the nose is in the middle between the eyes, 0 where it is below one of them or beyond.
func pose(landmarks [5][2]float64) (eyes, frontal float64) {
	l, r, nose := landmarks[0], landmarks[1], landmarks[2]
	dx, dy := r[0]-l[0], r[1]-l[1]
	eyes = math.Hypot(dx, dy)
	if eyes == 0 {
		return 0, 0
	}
	off := ((nose[0]-(l[0]+r[0])/2)*dx + (nose[1]-(l[1]+r[1])/2)*dy) / (eyes * eyes)
	return eyes, max(1-2*math.Abs(off), 0)
}

// surroundings is the part of a picture around a face, of which landmarks are taken: a square of wide times its longer
// side, as far as it lies in the picture, its longer side at most long pixels. x and y are where it begins, and scale is
// how many of the picture's pixels are one of its own.
func (p *Picture) surroundings(f Face, wide float64, least, long int) (part *Picture, x, y int, scaleX, scaleY float64) {
	half := max(wide*max(f.W*float64(p.Width), f.H*float64(p.Height)), float64(least)) / 2
	cx, cy := (f.X+f.W/2)*float64(p.Width), (f.Y+f.H/2)*float64(p.Height)
	x, x1 := around(cx, half, p.Width)
	y, y1 := around(cy, half, p.Height)
	part = p.part(x, y, x1, y1, long)
	return part, x, y, float64(x1-x) / float64(part.Width), float64(y1-y) / float64(part.Height)
}

// around is where a stretch of n pixels around a centre begins and ends; at least one pixel, all of them inside.
func around(centre, half float64, n int) (first, end int) {
	first = int(min(max(math.Floor(centre-half), 0), float64(n-1)))
	return first, int(max(min(math.Ceil(centre+half), float64(n)), float64(first+1)))
}
