document.body.dataset['ready'] = '';
