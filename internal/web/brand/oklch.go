package brand

import (
	"fmt"
	"math"
)

// rgb is an sRGB colour, 0 to 255 a channel.
type rgb [3]uint8

// lch is a colour in OKLCH: lightness 0 to 1, chroma, hue in degrees. Equal steps of lightness look equal,
// and the hue stays when lightness moves, which HSL does not give.
type lch struct{ l, c, h float64 }

func (c rgb) hex() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// linear undoes the sRGB transfer curve.
func (c rgb) linear() (v [3]float64) {
	for i, n := range c {
		x := float64(n) / 255
		if x <= .04045 {
			v[i] = x / 12.92
		} else {
			v[i] = math.Pow((x+.055)/1.055, 2.4)
		}
	}
	return v
}

// luminance is WCAG's relative luminance.
func (c rgb) luminance() float64 {
	v := c.linear()
	return .2126*v[0] + .7152*v[1] + .0722*v[2]
}

func (c rgb) toLCH() lch {
	v := c.linear()
	l := math.Cbrt(.4122214708*v[0] + .5363325363*v[1] + .0514459929*v[2])
	m := math.Cbrt(.2119034982*v[0] + .6806995451*v[1] + .1073969566*v[2])
	s := math.Cbrt(.0883024619*v[0] + .2817188376*v[1] + .6299787005*v[2])
	a := 1.9779984951*l - 2.428592205*m + .4505937099*s
	b := .0259040371*l + .7827717662*m - .808675766*s
	hue := math.Mod(math.Atan2(b, a)*180/math.Pi+360, 360)
	return lch{.2104542553*l + .793617785*m - .0040720468*s, math.Hypot(a, b), hue}
}

// toLinear gives linear sRGB, which may lie outside 0 to 1 when the screen has no such colour.
func (c lch) toLinear() [3]float64 {
	a, b := c.c*math.Cos(c.h*math.Pi/180), c.c*math.Sin(c.h*math.Pi/180)
	cube := func(x float64) float64 { return x * x * x }
	l := cube(c.l + .3963377774*a + .2158037573*b)
	m := cube(c.l - .1055613458*a - .0638541728*b)
	s := cube(c.l - .0894841775*a - 1.291485548*b)
	return [3]float64{
		4.0767416621*l - 3.3077115913*m + .2309699292*s,
		-1.2684380046*l + 2.6097574011*m - .3413193965*s,
		-.0041960863*l - .7034186147*m + 1.707614701*s,
	}
}

// hex gives the nearest colour that a screen can show: chroma is taken away until it fits.
func (c lch) hex() string {
	for range 40 {
		if out, ok := c.toRGB(); ok {
			return out.hex()
		}
		c.c *= .95
	}
	return "#888888"
}

func (c lch) toRGB() (out rgb, ok bool) {
	for i, x := range c.toLinear() {
		if x < -.0005 || x > 1.0005 {
			return rgb{}, false
		}
		x = max(0, x)
		if x <= .0031308 {
			x *= 12.92
		} else {
			x = 1.055*math.Pow(x, 1/2.4) - .055
		}
		out[i] = uint8(math.Floor(min(1, max(0, x))*255 + .5))
	}
	return out, true
}
