#include "filter/polynomial.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace videngine {
namespace {

constexpr std::size_t kPoints = 300;
constexpr int kRounds = 30;

using Rows = std::vector<std::vector<double>>;

// Gaussian elimination with pivots; the last column is the right-hand side.
std::vector<double> solved(Rows system) {
  const std::size_t size = system.size();
  for (std::size_t k = 0; k < size; ++k) {
    const auto largest = std::max_element(
        system.begin() + static_cast<std::ptrdiff_t>(k), system.end(),
        [k](const auto& one, const auto& other) { return std::abs(one[k]) < std::abs(other[k]); });
    std::swap(system[k], *largest);
    for (std::size_t row = k + 1; row < size; ++row) {
      const double factor = system[row][k] / system[k][k];
      for (std::size_t i = k; i <= size; ++i) system[row][i] -= factor * system[k][i];
    }
  }
  std::vector<double> result(size);
  for (std::size_t k = size; k-- > 0;) {
    double rest = system[k][size];
    for (std::size_t i = k + 1; i < size; ++i) rest -= system[k][i] * result[i];
    result[k] = rest / system[k][k];
  }
  return result;
}

// The least squares of `rows`, each of which ends with its right-hand side.
std::vector<double> least_squares(const Rows& rows, std::span<const double> weights) {
  const std::size_t size = rows[0].size() - 1;
  Rows normal(size, std::vector<double>(size + 1));
  for (std::size_t point = 0; point < rows.size(); ++point) {
    const std::vector<double>& row = rows[point];
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j <= size; ++j) normal[i][j] += weights[point] * row[i] * row[j];
    }
  }
  return solved(std::move(normal));
}

}  // namespace

double evaluated(std::span<const double> coefficients, double x) {
  double value = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;) value = (value + coefficients[i]) * x;
  return value;
}

std::vector<double> fitted(const Weighted& wanted, std::size_t degree, bool ends_exact) {
  // With an exact end the first coefficient is what the others leave of it: out of each row.
  const double end = ends_exact ? wanted.value(1) : 0;
  Rows rows;
  std::vector<double> scales;
  for (std::size_t point = 0; point < kPoints; ++point) {
    const double angle = std::numbers::pi * (static_cast<double>(point) + 0.5) / kPoints;
    const double x = (1 - std::cos(angle)) / 2;
    std::vector<double> row;
    for (std::size_t power = ends_exact ? 2 : 1; power <= degree; ++power) {
      row.push_back(std::pow(x, static_cast<double>(power)) - (ends_exact ? x : 0));
    }
    row.push_back(wanted.value(x) - end * x);
    rows.push_back(std::move(row));
    scales.push_back(wanted.weight(x));
  }
  std::vector<double> importance(kPoints, 1);
  std::vector<double> best;
  double smallest = HUGE_VAL;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> weights;
    for (std::size_t i = 0; i < kPoints; ++i) {
      weights.push_back(importance[i] * scales[i] * scales[i]);
    }
    const std::vector<double> found = least_squares(rows, weights);
    double largest = 0;
    double sum = 0;
    for (std::size_t i = 0; i < kPoints; ++i) {
      double error = -rows[i].back();
      for (std::size_t j = 0; j < found.size(); ++j) error += found[j] * rows[i][j];
      error = std::abs(error) * scales[i];
      largest = std::max(largest, error);
      importance[i] *= error;
      sum += importance[i];
    }
    if (largest < smallest) {
      smallest = largest;
      best = found;
    }
    if (sum <= 0) break;  // it is a polynomial itself
    for (double& one : importance) one /= sum;
  }
  if (ends_exact) {
    double rest = end;
    for (const double coefficient : best) rest -= coefficient;
    best.insert(best.begin(), rest);
  }
  return best;
}

}  // namespace videngine
