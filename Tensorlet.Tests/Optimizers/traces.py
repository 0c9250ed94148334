"""Writes traces.json: what PyTorch's optimizers and schedules do, in float64, for TraceTests to compare with."""
import json
import math
import torch

torch.set_default_dtype(torch.float64)
STEPS = [1, 2, 5, 10, 50, 100, 200, 400, 700, 1000]
DATA = torch.tensor([[math.sin(1 + 3 * i + j) for j in range(3)] for i in range(8)])
TARGET = torch.tensor([math.cos(i) for i in range(8)])


def quadratic(p):
    scales = torch.tensor([1.0, 3.0, 10.0, 30.0, 100.0, 0.1])
    return 0.5 * (scales * p[0] * p[0]).sum()


def valley(p):
    x = p[0]
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def regression(p):
    return (((DATA @ p[0].T).tanh() @ p[1] - TARGET) ** 2).mean()


STARTS = {
    'quadratic': [[1.0, -2.0, 1.5, -0.5, 1.0, 3.0]],
    'valley': [[-1.2, 1.0, -0.5, 0.8]],
    'regression': [[[math.cos(i * 3 + j) for j in range(3)] for i in range(4)], [0.5, -0.5, 0.25, 0.75]],
}
PROBLEMS = {'quadratic': quadratic, 'valley': valley, 'regression': regression}


def start(problem):
    return [torch.tensor(v, requires_grad=True) for v in STARTS[problem]]


def trace(problem, make, checkpoints, sign=1):
    p = start(problem)
    optimizer = make(p)
    found = []
    for step in range(1, checkpoints[-1] + 1):
        def closure():
            optimizer.zero_grad()
            loss = sign * PROBLEMS[problem](p)
            loss.backward()
            return loss
        loss = optimizer.step(closure)
        if step in checkpoints:
            found.append([step, float(loss)] + [float(v) for q in p for v in q.detach().reshape(-1)])
    return found


class NAdam:
    """By the formula of PyTorch since 2.0; before, it divided by a product that was off by one."""

    def __init__(self, p, lr, weight_decay, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=4e-3):
        self.p, self.options = p, (lr, weight_decay, beta1, beta2, eps, momentum_decay)
        self.t, self.product = 0, 1
        self.m, self.v = [torch.zeros_like(x) for x in p], [torch.zeros_like(x) for x in p]

    def zero_grad(self):
        for x in self.p:
            x.grad = None

    def step(self, closure):
        loss = closure()
        lr, weight_decay, beta1, beta2, eps, momentum_decay = self.options
        self.t += 1
        mu, after = [beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay)) for t in (self.t, self.t + 1)]
        self.product *= mu
        with torch.no_grad():
            for x, m, v in zip(self.p, self.m, self.v):
                g = x.grad + weight_decay * x
                m.copy_(beta1 * m + (1 - beta1) * g)
                v.copy_(beta2 * v + (1 - beta2) * g * g)
                root = (v / (1 - beta2 ** self.t)).sqrt() + eps
                x -= lr * (1 - mu) / (1 - self.product) * g / root
                x -= lr * after / (1 - self.product * after) * m / root
        return loss


o = torch.optim
# A large eps where steps would otherwise amplify the last place of their numbers beyond what can be compared.
MAKERS = {
    'sgd': lambda p: o.SGD(p, lr=0.005),
    'sgd momentum': lambda p: o.SGD(p, lr=0.002, momentum=0.9, dampening=0.1),
    'sgd nesterov': lambda p: o.SGD(p, lr=0.002, momentum=0.9, nesterov=True, weight_decay=0.01),
    'adam': lambda p: o.Adam(p, lr=0.01),
    'adam decay': lambda p: o.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.1),
    'adam amsgrad': lambda p: o.Adam(p, lr=0.02, amsgrad=True),
    'adamw': lambda p: o.AdamW(p, lr=0.01, weight_decay=0.05),
    'adamw amsgrad': lambda p: o.AdamW(p, lr=0.01, amsgrad=True),
    'adamax': lambda p: o.Adamax(p, lr=0.01, weight_decay=0.01),
    'nadam': lambda p: NAdam(p, lr=0.01, weight_decay=0.01, eps=1e-3),
    'rmsprop': lambda p: o.RMSprop(p, lr=0.002, eps=1e-2),
    'rmsprop momentum': lambda p: o.RMSprop(p, lr=0.001, eps=1e-2, momentum=0.9, weight_decay=0.01),
    'rmsprop centered': lambda p: o.RMSprop(p, lr=0.001, eps=1e-2, centered=True, momentum=0.5),
    'adagrad': lambda p: o.Adagrad(p, lr=0.1, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1),
    'adadelta': lambda p: o.Adadelta(p, lr=1, weight_decay=0.01),
}
LBFGS = {
    'lbfgs': lambda p: o.LBFGS(p, lr=0.1, max_iter=4),
    'lbfgs wolfe': lambda p: o.LBFGS(p, max_iter=3, line_search_fn='strong_wolfe'),
    'lbfgs short': lambda p: o.LBFGS(p, max_iter=2, history_size=3, line_search_fn='strong_wolfe'),
}
SCHEDULES = {
    'lambda': lambda opt: o.lr_scheduler.LambdaLR(opt, lambda e: 0.95 ** e),
    'step': lambda opt: o.lr_scheduler.StepLR(opt, 7, 0.5),
    'multistep': lambda opt: o.lr_scheduler.MultiStepLR(opt, [5, 20, 21], 0.3),
    'exponential': lambda opt: o.lr_scheduler.ExponentialLR(opt, 0.97),
    'cosine': lambda opt: o.lr_scheduler.CosineAnnealingLR(opt, 40, 0.01),
    'restarts': lambda opt: o.lr_scheduler.CosineAnnealingWarmRestarts(opt, 7, 2, 0.01),
    'linear': lambda opt: o.lr_scheduler.LinearLR(opt, 0.25, 0.75, 30),
    'polynomial': lambda opt: o.lr_scheduler.PolynomialLR(opt, 60, 1.5),
    'one cycle': lambda opt: o.lr_scheduler.OneCycleLR(opt, 0.5, 101),
    'one cycle, three phases': lambda opt: o.lr_scheduler.OneCycleLR(
        opt, 0.5, 101, pct_start=0.4, anneal_strategy='linear', three_phase=True),
    'cyclic': lambda opt: o.lr_scheduler.CyclicLR(opt, 0.1, 0.6, 5, 9),
    'cyclic halving': lambda opt: o.lr_scheduler.CyclicLR(opt, 0.1, 0.6, 8, mode='triangular2'),
    'cyclic decaying': lambda opt: o.lr_scheduler.CyclicLR(opt, 0.1, 0.6, 8, mode='exp_range', gamma=0.99),
    'sequential': lambda opt: o.lr_scheduler.SequentialLR(opt, [
        o.lr_scheduler.LinearLR(opt, 0.1, 1, 10), o.lr_scheduler.ExponentialLR(opt, 0.9)], [10]),
}


def schedule(make):
    opt = o.SGD(start('quadratic'), lr=0.4, momentum=0.9)
    scheduler = make(opt)
    found = []
    for _ in range(100):
        found.append([opt.param_groups[0]['lr'], opt.param_groups[0]['momentum']])
        opt.step()
        scheduler.step()
    return found


def plateau():
    opt = o.SGD(start('quadratic'), lr=0.4)
    scheduler = o.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=3, cooldown=2, min_lr=0.02)
    found = []
    for e in range(100):
        scheduler.step(1 / (1 + e) if e % 17 < 9 else 1.0)
        found.append(opt.param_groups[0]['lr'])
    return found


optimizers = {f'{name}/{problem}': trace(problem, make, STEPS)
              for name, make in MAKERS.items() for problem in ('quadratic', 'regression')}
optimizers['sgd maximize/quadratic'] = trace(
    'quadratic', lambda p: o.SGD(p, lr=0.005, momentum=0.5, maximize=True), STEPS, -1)
optimizers['adam maximize/regression'] = trace(
    'regression', lambda p: o.Adam(p, lr=0.01, maximize=True), STEPS, -1)
optimizers['adam/valley'] = trace('valley', MAKERS['adam'], STEPS)
optimizers.update({f'{name}/{problem}': trace(problem, make, list(range(1, 11)))
                   for name, make in LBFGS.items() for problem in ('valley', 'regression')})
json.dump({'optimizers': optimizers, 'schedules': {name: schedule(make) for name, make in SCHEDULES.items()},
           'plateau': plateau()}, open('traces.json', 'w'), separators=(',', ':'))
