#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace videngine {

// A function and how much each of its errors counts, both by their argument.
struct Weighted {
  std::function<double(double)> value;
  std::function<double(double)> weight;
};

// The coefficients, from x to x^degree, of the polynomial without a constant term that comes
// nearest to `wanted` on (0, 1]: its largest weighted error is about the smallest there is
// (C. L. Lawson's algorithm of 1961: least squares whose weights grow where the error is large).
// Where `ends_exact` its value at 1 is the function's.
std::vector<double> fitted(const Weighted& wanted, std::size_t degree, bool ends_exact = false);

double evaluated(std::span<const double> coefficients, double x);

}  // namespace videngine
